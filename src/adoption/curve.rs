//! The two curves, each by the time of its half and one number of shape.

/// The kind of curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// Verhulst (1838): growth in proportion to those who use and to those who do not yet.
    Logistic,
    /// Bass (1969), "A new product growth for model consumer durables", Management Science 15(5), 215 to 227.
    Bass,
}

/// A curve with its numbers, as the share of the saturation over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// `1 / (1 + exp(-rate (t - half)))`.
    Logistic {
        /// Time of the half.
        half: f64,
        /// Growth by unit of time.
        rate: f64,
    },
    /// `(1 - e) / (1 + q/p e)` with `e = exp(-(p + q) t)`, from time 0.
    Bass {
        /// p: who starts on their own, by unit of time.
        innovation: f64,
        /// q: who follows others, by unit of time.
        imitation: f64,
    },
}

/// Where a curve is looked for: time of the half from the launch, in lengths of the series, and the logarithm of its shape
/// (logistic: rate by length; Bass: q/p).
pub(super) type Point = [f64; 2];

impl Curve {
    /// The curve at a point; none outside of where curves are looked for.
    pub(super) fn shape_at(self, point: Point) -> Option<Shape> {
        let (half, shape) = (point[0], point[1]);
        let inside = match self {
            Self::Logistic => (-0.5..=6.0).contains(&half) && (-1.0..=7.0).contains(&shape),
            Self::Bass => (1e-3..=12.0).contains(&half) && (-7.0..=12.0).contains(&shape),
        };
        inside.then(|| self.shape(point))
    }

    pub(super) fn shape(self, point: Point) -> Shape {
        let (half, shape) = (point[0], point[1].exp());
        match self {
            Self::Logistic => Shape::Logistic { half, rate: shape },
            Self::Bass => {
                let sum = (2.0 + shape).ln() / half;
                let innovation = sum / (1.0 + shape);
                Shape::Bass { innovation, imitation: shape * innovation }
            }
        }
    }

    /// Points from which the search starts.
    pub(super) fn starts(self) -> impl Iterator<Item = Point> {
        let shapes: &[f64] = match self {
            Self::Logistic => &[1.0, 1.8, 2.5, 3.3],
            Self::Bass => &[-1.0, 1.0, 3.0, 5.0, 8.0],
        };
        let halves = [0.1, 0.3, 0.5, 0.7, 0.9, 1.2, 2.0];
        halves.into_iter().flat_map(move |half| shapes.iter().map(move |shape| [half, *shape]))
    }
}

impl Shape {
    /// The share of the saturation that is reached at a time, from 0 to 1.
    #[must_use]
    pub fn reached(self, time: f64) -> f64 {
        match self {
            Self::Logistic { half, rate } => 1.0 / (1.0 + (-rate * (time - half)).exp()),
            Self::Bass { .. } if time <= 0.0 => 0.0,
            Self::Bass { innovation, imitation } => {
                let exponent = -(innovation + imitation) * time;
                -exponent.exp_m1() / (1.0 + imitation / innovation * exponent.exp())
            }
        }
    }

    /// The share that is still to come, with all its digits where it is small.
    pub(super) fn to_come(self, time: f64) -> f64 {
        match self {
            Self::Logistic { half, rate } => 1.0 / (1.0 + (rate * (time - half)).exp()),
            Self::Bass { .. } if time <= 0.0 => 1.0,
            Self::Bass { innovation, imitation } => {
                let left = (-(innovation + imitation) * time).exp();
                let ratio = imitation / innovation;
                (1.0 + ratio) * left / (1.0 + ratio * left)
            }
        }
    }

    /// The share that is reached between two times.
    pub(super) fn between(self, from: f64, to: f64) -> f64 {
        let before = self.reached(from);
        if before > 0.5 { self.to_come(from) - self.to_come(to) } else { self.reached(to) - before }
    }
}
