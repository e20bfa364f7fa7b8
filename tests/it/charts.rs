//! Charts of tiny results, compared with the pictures that people looked at (`tests/it/snapshots`), and hard results.
//!
//! After a wanted change, `OUTLAY_ACCEPT=1 cargo test --test it charts` writes the pictures anew: look at them.

use std::fmt::Write as _;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use outlay::output::{Format, Style};
use outlay::query::Chart;

use super::results::{rendered, result};

fn drawn(format: Format, chart: &str, style: Style, rows: &RecordBatch) -> outlay::Result<Vec<u8>> {
    let chart = (!chart.is_empty()).then(|| Chart::from_text(chart, "--chart").unwrap());
    rendered(format, &Style { chart, ..style }, rows)
}

fn text(chart: &str, style: Style, rows: &RecordBatch) -> String {
    String::from_utf8(drawn(Format::Chart, chart, style, rows).unwrap()).unwrap()
}

fn svg(chart: &str, rows: &RecordBatch) -> String {
    String::from_utf8(drawn(Format::Svg, chart, Style::default(), rows).unwrap()).unwrap()
}

fn refused(chart: &str, rows: &RecordBatch) -> String {
    let error = drawn(Format::Svg, chart, Style::default(), rows).unwrap_err();
    format!("{error}: {}", error.hints().join("; "))
}

/// First days of months from January 2025 on.
fn months(count: usize) -> Vec<String> {
    (0..count).map(|month| format!("{}-{:02}-01", 2025 + month / 12, month % 12 + 1)).collect()
}

/// A year of spend, and half a year that is expected.
fn outlook() -> String {
    let mut fan = String::new();
    for (index, month) in months(18).iter().enumerate() {
        let index = u32::try_from(index).unwrap();
        let budget = if index < 12 { 120_000 } else { 150_000 };
        let trend = 80_000 + 4_000 * index + 3_000 * (index % 3);
        let spread = 2_500 * index.saturating_sub(11);
        let _ = if index < 12 {
            writeln!(fan, "{month},USD,{trend},,,,{budget}")
        } else {
            writeln!(fan, "{month},USD,,{},{trend},{},{budget}", trend - spread, trend + spread + spread / 2)
        };
    }
    fan
}

/// Fourteen months of four providers, one of which gives credits.
fn providers() -> String {
    let mut stacked = String::new();
    for (index, month) in months(14).iter().enumerate() {
        let index = i64::try_from(index).unwrap();
        let _ = write!(
            stacked,
            "{month},openai,{}\n{month},anthropic,{}\n{month},aws,{}\n{month},credits,{}\n",
            20_000 + 900 * index,
            9_000 + 2_100 * index,
            15_000 - 300 * index,
            -3_000 - 200 * (index % 4)
        );
    }
    stacked
}

/// Each kind of chart over a few rows: name, directive, result.
fn kinds() -> Vec<(&'static str, &'static str, RecordBatch)> {
    let left = "2026-04-01,300000,,,\n2026-04-15,262000,,,\n2026-05-01,221000,,,\n2026-05-15,171000,,,\n2026-06-01,,118000,130000,101000\n\
                2026-06-15,,61000,80000,30000\n2026-07-01,,-9000,28000,-55000\n";
    let waterfall = "Q1 actual,1200000,true\nvolume,310000,false\nprice,-180000,false\nmodel mix,95000,false\ncache,-40000,false\n\
                     one-off purchase,120000,false\nunexplained,-5000,false\nQ2 actual,1500000,true\n";
    let teams = "platform,USD,129569.874315488237\nsupport-emea,USD,110000.592906290972\npayments,USD,97474.7144\nsearch,USD,82791.98\n\
                 data,USD,\nunassigned,USD,-7389.12\nmobile,USD,0.0000008\n";
    let lines = "2026-01,openai,12.5\n2026-02,openai,13\n2026-04,openai,16\n2026-05,openai,15\n2026-01,anthropic,5\n2026-02,anthropic,\n\
                 2026-04,anthropic,9.5\n2026-05,anthropic,14\n2026-05,gateway,3\n";
    let area = "2026-01-05,3\n2026-01-12,9\n2026-01-19,22\n2026-01-26,41\n2026-02-02,58\n2026-02-09,66\n";
    let quarters = "platform,budget,300000\nplatform,actual,282000\npayments,budget,250000\npayments,actual,261500\nsearch,actual,40000\n";
    vec![
        (
            "bar",
            r#"bar x=team y=effective_cost title="Effective cost by team""#,
            result("team:text billing_currency:text effective_cost:money", teams),
        ),
        (
            "bar_series",
            r#"bar x=team y=amount series=what unit=USD title="Budget and actual""#,
            result("team:text what:text amount:money", quarters),
        ),
        (
            "stacked",
            r#"stacked x=month y=effective_cost series=provider unit=USD title="Effective cost by provider""#,
            result("month:day provider:text effective_cost:money", &providers()),
        ),
        (
            "line",
            r#"line x=month y=cost series=provider unit="USD thousand" title="Cost by provider""#,
            result("month:text provider:text cost:float", lines),
        ),
        (
            "area",
            r#"area x=week y=cumulative_adopters title="People who have used AI""#,
            result("week:day cumulative_adopters:int", area),
        ),
        (
            "fan",
            r#"fan x=month y=p50 low=p10 high=p90 actual=actual budget=budget title="Outlook of 2026""#,
            result(
                "month:day billing_currency:text actual:money p10:money p50:money p90:money budget:money",
                &outlook(),
            ),
        ),
        (
            "burndown",
            r#"burndown x=day y=p50 low=p10 high=p90 actual=remaining unit=USD title="What is left of the quarter's budget""#,
            result("day:day remaining:money p50:money p90:money p10:money", left),
        ),
        (
            "waterfall",
            r#"waterfall x=effect y=amount total=is_total unit=USD title="Why Q2 cost more than Q1""#,
            result("effect:text amount:money is_total:bool", waterfall),
        ),
    ]
}

/// Results that are hard to draw: name, directive, result.
fn hard() -> Vec<(&'static str, &'static str, RecordBatch)> {
    let names = |count: usize| {
        (0..count).fold(String::new(), |text, index| {
            text + &format!("team-{index:03} of the company,{}\n", 1_000 * (count - index))
        })
    };
    let many_series = (0..30).fold(String::new(), |text, index| {
        text + &format!("2026-01-01,model-{index:02},{}\n2026-02-01,model-{index:02},{}\n", 100 + index, 200 - index)
    });
    let days = (0..365).fold(String::new(), |text, day| {
        let date = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + chrono::Days::new(day);
        text + &format!("{date},{}\n", (day * 37) % 101)
    });
    vec![
        ("empty", "bar x=team y=cost", result("team:text cost:money", "")),
        ("empty_line", "line x=day y=cost", result("day:day cost:money", "")),
        ("one_row", "line x=day y=cost", result("day:day cost:money", "2026-05-01,12.5\n")),
        ("one_bar", "bar x=team y=cost", result("team:text cost:money", "platform,12.5\n")),
        ("all_null", "bar x=team y=cost", result("team:text cost:money", "a,\nb,\n")),
        ("all_null_line", "line x=day y=cost", result("day:day cost:money", "2026-05-01,\n2026-06-01,\n")),
        ("negative", "bar x=team y=cost", result("team:text cost:money", "a,-5\nb,-12.25\nc,3\n")),
        (
            "huge_and_tiny",
            "bar x=team y=cost",
            result("team:text cost:float", "a,1e30\nb,1e-9\nc,-2e29\nd,NaN\ne,inf\n"),
        ),
        (
            "unicode",
            "bar x=team y=cost",
            result("team:text cost:money", "東京支社,5\nGrüße & <b>Ünïcode</b>,4\n👩🏽‍🚀 crew,3\nعربى,2\na$b$c,1\n"),
        ),
        ("forty_names", "bar x=team y=cost", result("team:text cost:money", &names(40))),
        ("two_hundred_names", "bar x=team y=cost", result("team:text cost:money", &names(200))),
        ("many_series", "line x=month y=cost series=model", result("month:day model:text cost:money", &many_series)),
        ("year_of_days", "bar x=day y=cost", result("day:day cost:money", &days)),
    ]
}

fn snapshots() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots")
}

#[test]
fn every_kind_is_drawn_as_it_was_looked_at() {
    let accept = std::env::var_os("OUTLAY_ACCEPT").is_some();
    for (name, chart, rows) in kinds().into_iter().chain(hard()) {
        let plain = Style { width: Some(78), ..Style::default() };
        for (suffix, picture) in [("svg", svg(chart, &rows)), ("txt", text(chart, plain, &rows))] {
            let file = snapshots().join(format!("{name}.{suffix}"));
            if accept {
                std::fs::write(&file, &picture).unwrap();
            }
            let expected = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(picture == expected, "{} differs; OUTLAY_ACCEPT=1 writes it anew", file.display());
        }
    }
}

#[test]
fn the_same_result_is_the_same_picture() {
    for (_, chart, rows) in kinds() {
        assert_eq!(svg(chart, &rows), svg(chart, &rows));
        let png = |rows| drawn(Format::Png, chart, Style::default(), rows).unwrap();
        assert!(png(&rows).starts_with(b"\x89PNG"));
    }
}

#[test]
fn a_result_without_a_description_is_drawn_by_its_types() {
    let rows =
        result("month:day provider:text cost:money", "2026-01-01,aws,1\n2026-02-01,aws,2\n2026-01-01,openai,3\n");
    let picture = text("", Style::default(), &rows);
    assert!(
        picture.starts_with("cost by month\ncost\n") && picture.contains("aws") && picture.contains("2026-02"),
        "{picture}"
    );
    let nothing = result("team:text", "a\n");
    assert!(refused("", &nothing).contains("nothing to draw"));
}

#[test]
fn what_a_chart_does_not_find_is_said() {
    let rows = result("team:text cost:money unit_price:money", "a,1,1\na,2,2\n");
    let twice = refused("bar x=team y=unit_price", &rows);
    assert!(twice.contains("two values of `unit price` for team = a") && twice.contains("series="), "{twice}");
    assert!(refused("bar x=team y=csot", &rows).contains("did you mean `cost`"));
    assert!(refused("bar x=cost y=team", &rows).contains("holds no numbers"));
    let two = result("day:day team:text p50:money", "2026-01-01,a,1\n2026-01-01,b,2\n");
    assert!(refused("fan x=day y=p50 series=team", &two).contains("shows one series"));
}

#[test]
fn rows_of_one_place_are_added_up_where_they_may_be() {
    let rows =
        result("team:text model:text billing_currency:text cost:money", "a,x,USD,1.5\na,y,USD,2\nb,x,USD,\na,z,USD,\n");
    let picture = text("bar x=team y=cost series=billing_currency", Style::default(), &rows);
    assert!(picture.contains("cost, USD\n") && picture.contains(" 3.5\n") && picture.contains("b │ –"), "{picture}");
}

#[test]
fn a_fan_says_on_which_day_it_was_known() {
    let rows = "2026-01-01,2026-02-10,5,,,\n2026-02-01,2026-02-10,6,,,\n2026-03-01,2026-02-10,,7,6,9\n";
    let rows = result("month:day known_at:day actual:money p50:money p10:money p90:money", rows);
    let fan = "fan x=month y=p50 low=p10 high=p90 actual=actual";
    assert!(svg(&format!("{fan} as_of=known_at"), &rows).contains("as of 2026-02-10"));
    let picture = svg(fan, &rows);
    assert!(picture.contains("last actual 2026-02") && !picture.contains("as of"), "{picture}");
}

#[test]
fn amounts_of_two_currencies_are_never_stacked() {
    let rows = result("team:text billing_currency:text cost:money", "a,USD,1\na,EUR,2\nb,USD,3\n");
    assert!(refused("stacked x=team y=cost", &rows).contains("EUR and USD"));
    let beside = text("bar x=team y=cost", Style::default(), &rows);
    assert!(beside.contains("cost · USD") && beside.contains("cost · EUR"), "{beside}");
}

#[test]
fn series_beyond_the_palette_become_one_and_say_so() {
    let (_, chart, rows) = hard().into_iter().find(|(name, _, _)| *name == "many_series").unwrap();
    assert!(svg(chart, &rows).contains("other (23)"));
    let prices = result(
        "model:text kind:text unit_price:money",
        &(0..30).map(|kind| format!("m,k{kind},{kind}\n")).collect::<String>(),
    );
    let picture = svg("bar x=model y=unit_price series=kind", &prices);
    assert!(picture.contains("23 smaller series are not shown") && !picture.contains("other"), "prices are not added");
}

#[test]
fn the_rest_of_two_columns_is_never_one_sum() {
    let rows: String = (0..9).map(|period| format!("a,p{period},{},{period}\n", 100 + period)).collect();
    let picture = svg(
        "bar x=team y=budget,actual series=period",
        &result("team:text period:text budget:money actual:money", &rows),
    );
    assert!(picture.contains("other (2) · budget") && picture.contains("other (9) · actual"), "{picture}");
    // The two smallest budgets are 100 and 101, and 0 to 8 add up to 36.
    assert!(picture.contains(">201<") && picture.contains(">36<"), "{picture}");
}

#[test]
fn a_text_chart_keeps_to_the_width_and_to_ascii() {
    for (name, chart, rows) in kinds().into_iter().chain(hard()) {
        for width in [40, 57, 120] {
            let picture = text(chart, Style { width: Some(width), ..Style::default() }, &rows);
            let widest = picture.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{name}: {widest} > {width}\n{picture}");
        }
        let ascii = text(chart, Style { ascii: true, ..Style::default() }, &rows);
        assert!(name == "unicode" || ascii.is_ascii(), "{name}\n{ascii}");
        assert!(!ascii.contains('\u{1b}'), "{name}");
        assert!(
            text(chart, Style { color: true, ..Style::default() }, &rows).lines().next().unwrap().contains('\u{1b}')
        );
    }
}

#[test]
fn no_label_of_an_axis_lies_on_another() {
    for (name, chart, rows) in kinds().into_iter().chain(hard()) {
        let picture = svg(chart, &rows);
        let mut lines: std::collections::BTreeMap<String, Vec<(f64, f64)>> = std::collections::BTreeMap::new();
        for label in picture.split("<text ").skip(1).filter(|label| label.contains("\"middle\"")) {
            let attribute =
                |name: &str| label.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
            let text = label.split('>').nth(1).unwrap().split('<').next().unwrap();
            let (x, half) =
                (attribute("x").parse::<f64>().unwrap(), 3.2 * f64::from(u32::try_from(text.chars().count()).unwrap()));
            lines.entry(attribute("y")).or_default().push((x - half, x + half));
        }
        for line in lines.values() {
            assert!(line.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{name}: {line:?}");
        }
    }
}

#[test]
fn what_the_result_says_never_becomes_markup() {
    let rows = result("team:text cost:money", "<script>alert(1)</script>,1\n\"a\"\"b&c\",2\n");
    let picture = svg("bar x=team y=cost title='<b>&'", &rows);
    assert!(!picture.contains("<script") && !picture.contains("<b>"), "{picture}");
}
