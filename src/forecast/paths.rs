//! Distributions by step and joint sample paths that agree with them.

use std::sync::OnceLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::calibrate::Widths;
use super::count;
use super::members::Depth;
use super::normal::{AT_80, AT_95, quantile};
use super::request::Settings;
use super::shared::Shared;

/// What a series may become, by step: a centre and a half-width as a function of the share that lies below.
#[derive(Clone, Debug)]
pub(crate) struct Fan {
    pub(crate) centre: Vec<f64>,
    pub(crate) widths: Widths,
    pub(crate) non_negative: bool,
    /// How much longer the upper half-width is than the symmetric one, and the lower shorter, as a share.
    skew: f64,
    /// Factors of the lower and the upper half-width.
    stretch: (f64, f64),
}

/// Skew of positive series with a season: errors above the upper end were 1.6 times as frequent as below the lower one, and
/// are as frequent with this.
const SKEW: f64 = 0.1;

impl Fan {
    /// Around `centre`; `history` says whether errors lean upwards.
    pub(crate) fn new(history: &[f64], depth: Depth, centre: Vec<f64>, widths: Widths, non_negative: bool) -> Self {
        let leans = depth != Depth::None && history.iter().all(|&value| value >= 0.0);
        Self { centre, widths, non_negative, skew: if leans { SKEW } else { 0.0 }, stretch: (1.0, 1.0) }
    }

    /// With the half-widths that series forecast together ask for.
    pub(crate) fn stretched(self, shared: Shared) -> Self {
        Self { stretch: (shared.lower, shared.upper), ..self }
    }

    /// How far a step's distance from its centre grows with the point of the standard normal: one gives a normal
    /// distribution, more gives heavier tails.
    fn power(&self, step: usize) -> f64 {
        let (narrow, wide) = (self.widths.holds_80[step], self.widths.holds_95[step]);
        if narrow > 0.0 { ((wide / narrow).ln() / (AT_95 / AT_80).ln()).clamp(0.5, 2.5) } else { 1.0 }
    }

    /// The value of a step at `side` (-1 or 1) of its centre, so many half-widths away.
    fn away(&self, step: usize, side: f64, half_widths: f64) -> f64 {
        let stretch = if side < 0.0 { self.stretch.0 } else { self.stretch.1 };
        let value = self.centre[step] + stretch * (side + self.skew) * self.widths.holds_80[step] * half_widths;
        if self.non_negative { value.max(0.0) } else { value }
    }

    /// The value of a step at a point of the standard normal. Between and beyond the two known half-widths the distance is a
    /// power of the point.
    pub(crate) fn at(&self, step: usize, point: f64) -> f64 {
        self.away(step, point.signum(), (point.abs() / AT_80).powf(self.power(step)))
    }

    /// The value below which `share` lies.
    pub(crate) fn quantile(&self, step: usize, share: f64) -> f64 {
        self.at(step, quantile(share))
    }

    /// The mean of a step: the average over `SHARES` equal shares, which is that over as many paths.
    pub(crate) fn mean(&self, step: usize) -> f64 {
        // Points lie in pairs around zero.
        static UPPER: OnceLock<Vec<f64>> = OnceLock::new();
        let upper = UPPER.get_or_init(|| (SHARES / 2..SHARES).map(|share| middle(share, SHARES)).collect());
        let power = self.power(step);
        let pair = |point: &f64| {
            let half_widths = (point / AT_80).powf(power);
            self.away(step, -1.0, half_widths) + self.away(step, 1.0, half_widths)
        };
        upper.iter().map(pair).sum::<f64>() / count(SHARES)
    }
}

/// The point of the standard normal in the middle of one of `number` equal shares.
fn middle(share: usize, number: usize) -> f64 {
    quantile((count(share) + 0.5) / count(number))
}

const SHARES: usize = Settings::PATHS;
const _: () = assert!(SHARES.is_multiple_of(2), "points lie in pairs");

/// How errors of different steps hang together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Together {
    /// Weight of the level in simple exponential smoothing with the same growth of deviation over the horizon.
    smoothing: f64,
    /// Share of the correlation that follows smoothing; the rest fades by `fading` a step.
    share: f64,
    fading: f64,
}

impl Together {
    /// From the members' own deviations. With little history the smoothing weight says little.
    pub(crate) fn from_growth(native: &[f64], depth: Depth) -> Self {
        let last = native.len() - 1;
        let growth = if native[0] > 0.0 { (native[last] / native[0]).powi(2) } else { 1.0 };
        let smoothing = ((growth - 1.0).max(0.0) / count(last.max(1))).sqrt().min(1.0);
        // Shares and fading were chosen so that totals of 3 months, 13 weeks and 56 days are held by their 80% intervals as often
        // as single steps are.
        let (share, fading) = match depth {
            Depth::None => (0.8, 0.8),
            Depth::Short => (0.4, 0.4),
            Depth::Long => (0.8, 0.3),
        };
        Self { smoothing, share, fading }
    }
}

/// One draw of standard normals by step with the wanted correlation.
fn draw(together: &Together, horizon: usize, mut normal: impl FnMut() -> f64) -> Vec<f64> {
    let Together { smoothing, share, fading } = *together;
    let (mut level, mut fade) = (0.0, normal());
    (0..horizon)
        .map(|step| {
            // Errors of simple exponential smoothing: Hyndman et al. (2008), section 6.1.
            let shock = normal();
            let smooth = (level + shock) / (1.0 + count(step) * smoothing * smoothing).sqrt();
            level += smoothing * shock;
            if step > 0 {
                fade = fading * fade + (1.0 - fading * fading).sqrt() * normal();
            }
            share.sqrt() * smooth + (1.0 - share).sqrt() * fade
        })
        .collect()
}

/// What all series of a panel share: the same seed gives every series the same common shocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds {
    pub(crate) common: u64,
    pub(crate) own: u64,
    /// Share of the variance that is common, 0 to 1.
    pub(crate) share: f64,
}

/// Joint paths, by path and then step. Every step's values are the equally spaced quantiles of its distribution, put into the
/// order of correlated normal draws: Iman & Conover (1982), "A distribution-free approach to inducing rank correlation". So the
/// paths' quantiles are the forecast's, and their sums have the spread of sums.
pub(crate) fn paths(fan: &Fan, together: &Together, number: usize, seeds: Seeds) -> Vec<Vec<f64>> {
    let horizon = fan.centre.len();
    let mut own = ChaCha8Rng::seed_from_u64(seeds.own);
    let mut common = ChaCha8Rng::seed_from_u64(seeds.common);
    let (together, share) = (*together, seeds.share.clamp(0.0, 1.0));
    let from = |random: &mut ChaCha8Rng| quantile(random.random_range(1e-12..1.0));
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(number);
    while all.len() < number {
        let alone = draw(&together, horizon, || from(&mut own));
        let shared = if share > 0.0 { draw(&together, horizon, || from(&mut common)) } else { vec![0.0; horizon] };
        let path: Vec<f64> =
            alone.iter().zip(&shared).map(|(own, all)| (1.0 - share).sqrt() * own + share.sqrt() * all).collect();
        // Its mirror image follows, so that the paths' mean is the forecast's.
        let mirror = path.iter().map(|value| -value).collect();
        all.push(path);
        all.push(mirror);
    }
    all.truncate(number);
    let mut order: Vec<usize> = (0..number).collect();
    let points: Vec<f64> = order.iter().map(|&rank| middle(rank, number)).collect();
    let mut put = |step: usize| {
        order.sort_by(|&a, &b| all[a][step].total_cmp(&all[b][step]).then(a.cmp(&b)));
        for (&path, &point) in order.iter().zip(&points) {
            all[path][step] = fan.at(step, point);
        }
    };
    (0..horizon).for_each(&mut put);
    all
}
