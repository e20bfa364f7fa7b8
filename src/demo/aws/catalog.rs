//! The price list of AWS and the kinds of rows beside usage.

use super::super::line::Line;
use super::super::money::Amount;

/// How the cost of a line follows from its quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pricing {
    /// Billed as used.
    OnDemand,
    /// Paid for by the savings plan: billed 0.
    Covered,
    /// Given with the row.
    Fixed,
}

/// A line with its prices counted in 10⁻⁷ dollars per unit.
#[derive(Debug)]
pub(super) struct Priced {
    pub(super) line: Line,
    pub(super) pricing: Pricing,
    pub(super) list: i64,
    pub(super) contracted: i64,
    /// What a unit costs when used: the contracted price, or that of the savings plan.
    pub(super) effective: i64,
    /// How often it is used against other lines.
    pub(super) weight: usize,
    /// Average cost of a row against other lines, in hundredths.
    pub(super) cost_weight: i64,
    /// Whether it counts whole instances, so that few quantities occur.
    pub(super) whole: bool,
    pub(super) has_resource: bool,
}

/// Rows that are not usage, by their place after the usage lines.
#[derive(Debug, Clone, Copy)]
pub(super) enum Special {
    PlanPurchase,
    PlanUnused,
    Tax,
    Credit,
    Correction,
    OneOff,
}

/// All lines of AWS.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) lines: Vec<Priced>,
    usage: usize,
}

const PLAN: [&str; 4] = [
    "arn:aws:savingsplans::111122223333:savingsplan/6b1f3c2a",
    "Compute Savings Plan",
    "Compute Savings Plan",
    "Spend",
];
const EAST: (&str, &str) = ("us-east-1", "US East (N. Virginia)");
const EUROPE: (&str, &str) = ("eu-central-1", "Europe (Frankfurt)");

/// Usage type, operating unit, price in 10⁻⁷ dollars, weight, cost weight, of one service.
type Meter = (&'static str, &'static str, i64, usize, i64);

const COMPUTE: [Meter; 6] = [
    ("BoxUsage:m7g.large", "Hrs", 816_000, 12, 110),
    ("BoxUsage:m7g.2xlarge", "Hrs", 3_264_000, 9, 190),
    ("BoxUsage:c7g.4xlarge", "Hrs", 5_800_000, 6, 260),
    ("BoxUsage:r7g.xlarge", "Hrs", 2_142_000, 6, 150),
    ("EBS:VolumeUsage.gp3", "GB-Mo", 800_000, 8, 60),
    ("NatGateway-Bytes", "GB", 450_000, 4, 50),
];
const DATABASE: [Meter; 3] = [
    ("InstanceUsage:db.r7g.large", "Hrs", 2_390_000, 5, 170),
    ("Aurora:StorageUsage", "GB-Mo", 1_000_000, 3, 80),
    ("RDS:ChargedBackupUsage", "GB-Mo", 950_000, 2, 30),
];
const STORAGE: [Meter; 4] = [
    ("TimedStorage-ByteHrs", "GB-Mo", 230_000, 7, 90),
    ("Requests-Tier1", "Requests", 50, 4, 30),
    ("Requests-Tier2", "Requests", 4, 4, 20),
    ("DataTransfer-Out-Bytes", "GB", 900_000, 4, 90),
];
const SERVERLESS: [Meter; 2] = [("Lambda-GB-Second", "Second", 166, 6, 40), ("Lambda-Request", "Requests", 2, 4, 15)];
const CONTAINERS: [Meter; 2] =
    [("AmazonEKS-Hours:perCluster", "Hrs", 1_000_000, 3, 50), ("Fargate-vCPU-Hours", "Hrs", 404_800, 5, 90)];
const WATCH: [Meter; 2] =
    [("CW:MetricMonitorUsage", "Metrics", 3_000_000, 4, 40), ("DataProcessing-Bytes", "GB", 5_000_000, 3, 60)];

impl Catalog {
    /// The price list; a restated one charges less for S3 storage.
    pub(super) fn new(restated: bool) -> Self {
        let mut lines = Vec::new();
        for region in [EAST, EUROPE] {
            metered(&mut lines, ("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines"), region, &COMPUTE);
            metered(
                &mut lines,
                ("Amazon Relational Database Service", "Databases", "Relational Databases"),
                region,
                &DATABASE,
            );
            metered(&mut lines, ("Amazon Simple Storage Service", "Storage", "Object Storage"), region, &STORAGE);
            metered(&mut lines, ("AWS Lambda", "Compute", "Serverless Compute"), region, &SERVERLESS);
        }
        metered(&mut lines, ("Amazon Elastic Kubernetes Service", "Compute", "Containers"), EAST, &CONTAINERS);
        metered(&mut lines, ("Amazon CloudWatch", "Management and Governance", "Observability"), EAST, &WATCH);
        let covered: Vec<Priced> = lines[..3].iter().map(covered).collect();
        lines.extend(covered);
        if restated {
            let storage = |priced: &&mut Priced| priced.line.meter == Some("TimedStorage-ByteHrs");
            lines.iter_mut().filter(storage).for_each(|priced| reprice(priced, priced.contracted * 97 / 100));
        }
        let usage = lines.len();
        lines.extend(special_lines());
        Self { lines, usage }
    }

    /// The lines that are drawn for usage.
    pub(super) fn usage(&self) -> &[Priced] {
        &self.lines[..self.usage]
    }

    /// Index of a line that is not usage.
    pub(super) fn special(&self, special: Special) -> usize {
        self.usage + special as usize
    }

    /// The lines without their prices.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.lines.iter().map(|priced| priced.line.clone()).collect()
    }
}

fn metered(
    lines: &mut Vec<Priced>,
    (service, category, subcategory): (&'static str, &'static str, &'static str),
    region: (&'static str, &'static str),
    meters: &[Meter],
) {
    for (usage_type, unit, price, weight, cost_weight) in meters.iter().copied() {
        let prefix = if region == EAST { "USE1" } else { "EUC1" };
        // A price of a few ten-millionths has no digit left for a discount.
        let contracted = if price < 1_000 { price } else { price * 92 / 100 };
        let whole = unit == "Hrs";
        let line = Line {
            description: format!("${} per {unit} of {usage_type}", Amount::new(price.into(), 7)),
            sku: Some(format!("{prefix}{:03}", lines.len() + 101)),
            meter: Some(usage_type),
            usage_type: Some(format!("{prefix}-{usage_type}")),
            consumed_unit: Some(unit),
            pricing_unit: Some(unit),
            region: Some(region),
            zone: whole.then_some(if region == EAST { "us-east-1a" } else { "eu-central-1b" }),
            resource_type: (unit != "Requests").then_some(if whole { "instance" } else { "storage" }),
            list_price: Some(Amount::new(price.into(), 7)),
            contracted_price: Some(Amount::new(contracted.into(), 7)),
            price_details: Some(vec![("PricingTerm", "OnDemand".to_owned()), ("MeterUnit", unit.to_owned())]),
            ..Line::usage(service, category, subcategory)
        };
        let has_resource = line.resource_type.is_some();
        let pricing = Pricing::OnDemand;
        lines.push(Priced {
            line,
            pricing,
            list: price,
            contracted,
            effective: contracted,
            weight,
            cost_weight,
            whole,
            has_resource,
        });
    }
}

/// The same usage when the savings plan covers it.
fn covered(priced: &Priced) -> Priced {
    let line = Line {
        pricing_category: Some("Committed"),
        commitment: Some(PLAN),
        commitment_status: Some("Used"),
        price_details: Some(vec![("PricingTerm", "SavingsPlan".to_owned()), ("MeterUnit", "Hrs".to_owned())]),
        ..priced.line.clone()
    };
    Priced { line, pricing: Pricing::Covered, effective: priced.list * 72 / 100, ..*priced }
}

fn reprice(priced: &mut Priced, contracted: i64) {
    priced.contracted = contracted;
    priced.effective = contracted;
    priced.line.contracted_price = Some(Amount::new(contracted.into(), 7));
}

/// In the order of [`Special`].
fn special_lines() -> Vec<Priced> {
    let plan = |category, frequency, description, status| Line {
        frequency,
        pricing_category: Some("Committed"),
        commitment: Some(PLAN),
        commitment_status: status,
        ..Line::other(category, "Savings Plans for AWS Compute usage", description)
    };
    let purchase = |line: Line| Line { pricing_unit: Some("Purchases"), ..line };
    let lines = [
        purchase(plan("Purchase", "Recurring", "Payment of the Compute Savings Plan for three months", None)),
        plan("Usage", "Usage-Based", "Unused part of the Compute Savings Plan", Some("Unused")),
        Line::other("Tax", "Tax", "Sales tax"),
        Line::other("Credit", "AWS Credits", "Promotional credit of the enterprise agreement"),
        Line {
            class: Some("Correction"),
            frequency: "Usage-Based",
            ..Line::other("Usage", "Amazon Elastic Compute Cloud", "Refund of idle instances after a support case")
        },
        purchase(Line::other("Purchase", "AWS Professional Services", "Migration programme, paid up front")),
    ];
    let fixed = |line| Priced {
        line,
        pricing: Pricing::Fixed,
        list: 0,
        contracted: 0,
        effective: 0,
        weight: 0,
        cost_weight: 0,
        whole: false,
        has_resource: false,
    };
    lines.into_iter().map(fixed).collect()
}
