//! Own accelerators: their hours, what they cost and what they served.

use rand::Rng;

use super::calendar::date_of;
use super::delivery::Setting;
use super::money::Amount;
use super::random::generator;
use super::truth::GpuUse;

/// Accelerators that serve a model.
struct Cluster {
    name: &'static str,
    model: &'static str,
    gpus: u64,
    /// Cents for an accelerator and hour.
    hourly_cents: u64,
    /// Tokens that one accelerator can serve in a second.
    capacity: u64,
    /// Share of the capacity that is used in the first and in the last month, in percent.
    use_percent: (u64, u64),
}

const CLUSTERS: [Cluster; 2] = [
    Cluster { name: "gpu-west", model: "llama-70b", gpus: 8, hourly_cents: 250, capacity: 185, use_percent: (12, 58) },
    Cluster {
        name: "gpu-west",
        model: "mistral-small",
        gpus: 2,
        hourly_cents: 125,
        capacity: 640,
        use_percent: (30, 82),
    },
];

/// Hours and tokens of a cluster in a month.
struct Month {
    gpu_hours: u64,
    tokens: u64,
}

/// The months of a cluster: use grows evenly, up to three points more or less.
fn months(setting: &Setting, cluster: usize) -> Vec<Month> {
    let calendar = &setting.calendar;
    let one = &CLUSTERS[cluster];
    let mut rng = generator(setting.seed, 61, cluster);
    let (first, last) = one.use_percent;
    let steps = u64::try_from(calendar.months - 1).unwrap_or(1).max(1);
    (0..calendar.months)
        .map(|month| {
            let number = u64::try_from(month).unwrap_or_default();
            let percent = first + (last - first) * number / steps + rng.random_range(0..=6) - 3;
            let gpu_hours = one.gpus * 24 * u64::try_from(calendar.days(month)).unwrap_or_default();
            Month { gpu_hours, tokens: gpu_hours * 36 * one.capacity * percent }
        })
        .collect()
}

/// A row for each cluster, model and month.
pub(super) fn csv(setting: &Setting) -> String {
    let calendar = &setting.calendar;
    let mut csv = String::from(
        "cluster,model,period_start,period_end,gpu_hours,hourly_price,currency,tokens_served,capacity_tokens_per_second\n",
    );
    for (number, cluster) in CLUSTERS.iter().enumerate() {
        let Cluster { name, model, hourly_cents, capacity, .. } = cluster;
        let price = Amount::new((*hourly_cents).into(), 2);
        for (month, Month { gpu_hours, tokens }) in months(setting, number).into_iter().enumerate() {
            let (start, end) = (date_of(calendar.start(month)), date_of(calendar.end(month)));
            csv.push_str(&format!("{name},{model},{start},{end},{gpu_hours},{price},USD,{tokens},{capacity}\n"));
        }
    }
    csv
}

/// What each served over the history.
pub(super) fn truth(setting: &Setting) -> Vec<GpuUse> {
    let gpu_use = |(number, cluster): (usize, &Cluster)| {
        let months = months(setting, number);
        let gpu_hours = months.iter().map(|month| month.gpu_hours).sum::<u64>();
        GpuUse {
            cluster: cluster.name.to_owned(),
            model: cluster.model.to_owned(),
            gpu_hours,
            cost: Amount::new((gpu_hours * cluster.hourly_cents).into(), 2),
            tokens_served: months.iter().map(|month| month.tokens).sum(),
            full_use_cost_per_million: full_use_cost(cluster),
        }
    };
    CLUSTERS.iter().enumerate().map(gpu_use).collect()
}

/// The price of an hour over the tokens of an hour, for a million of them, rounded to millionths of a dollar.
fn full_use_cost(cluster: &Cluster) -> Amount {
    let tokens = cluster.capacity * 3_600;
    // Cents for a million tokens, in millionths of a dollar.
    let millionths = cluster.hourly_cents * 1_000_000 * 10_000;
    Amount::new(((millionths + tokens / 2) / tokens).into(), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_at_two_and_a_half_dollars_and_185_tokens_a_second_costs_3_75_a_million() {
        assert_eq!(full_use_cost(&CLUSTERS[0]).to_string(), "3.753754");
    }
}
