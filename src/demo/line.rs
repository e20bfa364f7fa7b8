//! What can be bought from a source, and the FOCUS columns that follow from it.

use super::layout::{Cost, Key, Layout, Moment, Pairs, Quantity};
use super::money::Amount;
use super::quota::Source;
use crate::error::Result;

/// One thing on the price list, or one kind of row that is not usage.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) category: &'static str,
    pub(super) class: Option<&'static str>,
    pub(super) frequency: &'static str,
    pub(super) description: String,
    pub(super) service: &'static str,
    pub(super) service_category: &'static str,
    pub(super) service_subcategory: &'static str,
    pub(super) sku: Option<String>,
    pub(super) meter: Option<&'static str>,
    pub(super) usage_type: Option<String>,
    pub(super) consumed_unit: Option<&'static str>,
    pub(super) pricing_unit: Option<&'static str>,
    pub(super) pricing_category: Option<&'static str>,
    /// Region id and name.
    pub(super) region: Option<(&'static str, &'static str)>,
    pub(super) zone: Option<&'static str>,
    pub(super) resource_type: Option<&'static str>,
    /// Id, name, type and category of the commitment that covers it.
    pub(super) commitment: Option<[&'static str; 4]>,
    pub(super) commitment_status: Option<&'static str>,
    pub(super) list_price: Option<Amount>,
    pub(super) contracted_price: Option<Amount>,
    pub(super) price_details: Pairs,
}

impl Line {
    /// Metered usage of a service.
    pub(super) fn usage(service: &'static str, category: &'static str, subcategory: &'static str) -> Self {
        Self {
            category: "Usage",
            class: None,
            frequency: "Usage-Based",
            description: String::new(),
            service,
            service_category: category,
            service_subcategory: subcategory,
            sku: None,
            meter: None,
            usage_type: None,
            consumed_unit: None,
            pricing_unit: None,
            pricing_category: Some("Standard"),
            region: None,
            zone: None,
            resource_type: None,
            commitment: None,
            commitment_status: None,
            list_price: None,
            contracted_price: None,
            price_details: None,
        }
    }

    /// A row that is not usage: tax, credit, purchase.
    pub(super) fn other(category: &'static str, service: &'static str, description: &str) -> Self {
        Self {
            category,
            frequency: "One-Time",
            description: description.to_owned(),
            pricing_category: None,
            ..Self::usage(service, "Other", "Other (Other)")
        }
    }
}

fn by_line<'a>(
    layout: Layout,
    name: &'static str,
    lines: &'a [Line],
    text: impl Fn(&'a Line) -> Option<&'a str>,
) -> Layout {
    layout.text(name, Key::Line, lines.iter().map(text))
}

/// The columns that every version of FOCUS from 1.0 has and that follow from the line alone.
pub(super) fn charge_columns(layout: Layout, lines: &[Line]) -> Layout {
    let layout = by_line(layout, "ChargeCategory", lines, |line| Some(line.category));
    let layout = by_line(layout, "ChargeClass", lines, |line| line.class);
    let layout = by_line(layout, "ChargeDescription", lines, |line| Some(&line.description));
    let layout = by_line(layout, "ChargeFrequency", lines, |line| Some(line.frequency));
    let layout = by_line(layout, "ConsumedUnit", lines, |line| line.consumed_unit);
    let layout = by_line(layout, "PricingCategory", lines, |line| line.pricing_category);
    let layout = by_line(layout, "PricingUnit", lines, |line| line.pricing_unit);
    let layout = by_line(layout, "ResourceType", lines, |line| line.resource_type);
    let layout = by_line(layout, "ServiceCategory", lines, |line| Some(line.service_category));
    by_line(layout, "ServiceName", lines, |line| Some(line.service))
}

/// Entries of a price list.
pub(super) fn sku_columns(layout: Layout, lines: &[Line]) -> Layout {
    let layout = by_line(layout, "SkuId", lines, |line| line.sku.as_deref());
    let price_ids = lines.iter().map(|line| line.sku.as_ref().map(|sku| format!("{sku}.1")));
    layout.text("SkuPriceId", Key::Line, price_ids)
}

/// Where it runs.
pub(super) fn region_columns(layout: Layout, lines: &[Line]) -> Layout {
    let layout = by_line(layout, "RegionId", lines, |line| line.region.map(|region| region.0));
    by_line(layout, "RegionName", lines, |line| line.region.map(|region| region.1))
}

/// Unit prices that follow from the line.
pub(super) fn price_columns(layout: Layout, lines: &[Line]) -> Layout {
    layout
        .price("ListUnitPrice", lines.iter().map(|line| line.list_price))
        .price("ContractedUnitPrice", lines.iter().map(|line| line.contracted_price))
}

/// Costs, quantities and times.
pub(super) fn measure_columns(layout: Layout, lines: &[Line]) -> Layout {
    layout
        .cost("BilledCost", Cost::Billed)
        .cost("EffectiveCost", Cost::Effective)
        .cost("ListCost", Cost::List)
        .cost("ContractedCost", Cost::Contracted)
        .quantity("ConsumedQuantity", Quantity::Consumed, lines.iter().map(|l| l.consumed_unit.is_some()).collect())
        .quantity("PricingQuantity", Quantity::Priced, lines.iter().map(|l| l.pricing_unit.is_some()).collect())
        .time("BillingPeriodStart", Moment::BillingStart)
        .time("BillingPeriodEnd", Moment::BillingEnd)
        .time("ChargePeriodStart", Moment::ChargeStart)
        .time("ChargePeriodEnd", Moment::ChargeEnd)
}

/// Columns of commitment discounts as in FOCUS 1.0.
pub(super) fn commitment_columns(layout: Layout, lines: &[Line]) -> Layout {
    let part = |index: usize| lines.iter().map(move |line| line.commitment.map(|commitment| commitment[index]));
    layout
        .text("CommitmentDiscountId", Key::Line, part(0))
        .text("CommitmentDiscountName", Key::Line, part(1))
        .text("CommitmentDiscountType", Key::Line, part(2))
        .text("CommitmentDiscountCategory", Key::Line, part(3))
        .text("CommitmentDiscountStatus", Key::Line, lines.iter().map(|line| line.commitment_status))
}

/// Who sells and bills, as FOCUS up to 1.3 names it.
pub(super) fn provider_columns(layout: Layout, source: Source, account: (&str, &str)) -> Layout {
    billing_columns(layout, source, account)
        .same("ProviderName", source.provider())
        .same("PublisherName", source.provider())
}

/// Who sells and bills, as FOCUS 1.4 names it.
pub(super) fn service_provider_columns(layout: Layout, source: Source, account: (&str, &str)) -> Layout {
    billing_columns(layout, source, account)
        .same("ServiceProviderName", source.provider())
        .same("HostProviderName", source.provider())
}

/// Who bills whom in which currency.
pub(super) fn billing_columns(layout: Layout, source: Source, account: (&str, &str)) -> Layout {
    layout
        .same("BillingAccountId", account.0)
        .same("BillingAccountName", account.1)
        .same("BillingCurrency", "USD")
        .same("InvoiceIssuerName", source.issuer())
}

/// What FOCUS 1.1 and 1.2 added for clouds, price details aside.
pub(super) fn cloud_columns_1_2(layout: Layout, lines: &[Line], invoice_id: &str) -> Layout {
    let committed = |line: &Line| line.commitment_status.is_some() && line.consumed_unit.is_some();
    let subcategories = lines.iter().map(|line| Some(line.service_subcategory));
    let units = lines.iter().map(|line| line.consumed_unit.filter(|_| committed(line)));
    layout
        .same("BillingAccountType", "Payer")
        .same("SubAccountType", "Linked")
        .same("InvoiceId", invoice_id)
        .absent("CapacityReservationId")
        .absent("CapacityReservationStatus")
        .quantity("CommitmentDiscountQuantity", Quantity::Consumed, lines.iter().map(committed).collect())
        .text("CommitmentDiscountUnit", Key::Line, units)
        .same("PricingCurrency", "USD")
        .price("PricingCurrencyContractedUnitPrice", lines.iter().map(|line| line.contracted_price))
        .cost("PricingCurrencyEffectiveCost", Cost::Effective)
        .price("PricingCurrencyListUnitPrice", lines.iter().map(|line| line.list_price))
        .text("ServiceSubcategory", Key::Line, subcategories)
        .text("SkuMeter", Key::Line, lines.iter().map(|line| line.meter))
}

/// `SkuPriceDetails` as maps.
pub(super) fn price_detail_maps(layout: Layout, lines: &[Line]) -> Result<Layout> {
    let details: Vec<Pairs> = lines.iter().map(|line| line.price_details.clone()).collect();
    layout.pairs("SkuPriceDetails", Key::Line, &details)
}

/// `SkuPriceDetails` as JSON text.
pub(super) fn price_detail_texts(layout: Layout, lines: &[Line]) -> Layout {
    layout.text("SkuPriceDetails", Key::Line, lines.iter().map(|line| line.price_details.as_deref().map(json_text)))
}

/// Pairs as a JSON object; the texts of the sample need no escapes.
pub(super) fn json_text(pairs: &[(&'static str, String)]) -> String {
    let members: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
    format!("{{{}}}", members.join(","))
}
