//! Workbooks, opened by a reader that has nothing to do with the writer.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use chrono::DateTime;
use outlay::output::{About, Format, Style};

use super::results::{rendered, result};

fn about() -> About {
    About {
        name: "spend_by_team".into(),
        description: "What does each team spend?\n\nEffective cost, credits included.".into(),
        owner: Some("finops".into()),
        parameters: vec![("period".into(), "2026-Q2 [2026-04-01,2026-07-01)".into())],
        as_of: Some("2026-07-05".into()),
        sources: vec!["aws".into(), "claude".into()],
        run_at: DateTime::from_timestamp(1_783_000_000, 0).unwrap(),
        version: "0.1.0".into(),
        sql_sha256: "abc".into(),
        sql: "SELECT 1\n=FROM x".into(),
        notes: vec!["2 files came later".into()],
    }
}

fn open(file: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(file)).unwrap()
}

fn written(columns: &str, rows: &str, about: Option<About>) -> Xlsx<Cursor<Vec<u8>>> {
    open(rendered(Format::Xlsx, &Style { about, ..Style::default() }, &result(columns, rows)).unwrap())
}

/// The text of a cell; nothing for an empty one.
fn at(sheet: &Range<Data>, row: u32, column: u32) -> String {
    sheet.get_value((row, column)).map(ToString::to_string).unwrap_or_default()
}

/// Every row of a sheet as texts.
fn lines(sheet: &Range<Data>) -> Vec<Vec<String>> {
    sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn the_data_reads_back_cell_by_cell() {
    let rows = "platform,USD,129569.874315488237,7,0.5,2026-05-01,2026-05-01T06:30:00,true\n\
                =1+1,EUR,-0.0000008,-3,1e300,1899-12-31,,false\n\
                ,,,,,,,\n";
    let columns = "team:text currency:text cost:money charges:int share:float day:day at:time ok:bool";
    let mut workbook = written(columns, rows, None);
    assert_eq!(workbook.sheet_names(), ["Data", "Assumptions"]);
    let sheet = workbook.worksheet_range("Data").unwrap();
    let names: Vec<String> = columns.split(' ').map(|column| column.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(lines(&sheet)[0], names);
    let cell = |row: u32, column: u32| sheet.get_value((row, column)).cloned().unwrap_or_default();
    assert_eq!(cell(1, 0), Data::String("platform".into()));
    assert_eq!(cell(1, 2), Data::Float(129_569.874_315_488_24));
    assert_eq!(cell(1, 3), Data::Float(7.0));
    assert_eq!(cell(1, 4), Data::Float(0.5));
    let day = |cell: Data| match cell {
        Data::DateTime(day) => day.as_f64(),
        other => panic!("no day: {other:?}"),
    };
    // 2026-05-01 is 46,143 days after 1899-12-30; half past six is 390 minutes of 1,440.
    assert!((day(cell(1, 5)) - 46_143.0).abs() < 1e-9);
    assert!((day(cell(1, 6)) - 46_143.0 - 390.0 / 1_440.0).abs() < 1e-9);
    assert_eq!((cell(1, 7), cell(2, 7)), (Data::Bool(true), Data::Bool(false)));
    assert_eq!(cell(2, 0), Data::String("=1+1".into()));
    assert_eq!(cell(2, 2), Data::Float(-0.000_000_8));
    assert_eq!(cell(2, 5), Data::String("1899-12-31".into()), "a day before those of Excel is text");
    assert!((0..8).all(|column| cell(3, column) == Data::Empty), "NULL is an empty cell");
    let formulas = workbook.worksheet_formula("Data").unwrap();
    assert!(formulas.used_cells().next().is_none(), "nothing in the data is a formula");
}

#[test]
fn the_summary_adds_up_by_live_formulas_and_says_the_exact_sums() {
    let rows = "platform,USD,0.1,10\nsupport,USD,0.2,5\nplatform,USD,1000000000000.000000000000000001,1\n*,USD,,2\n";
    let mut workbook = written("team:text billing_currency:text cost:money charges:int", rows, Some(about()));
    assert_eq!(workbook.sheet_names(), ["Summary", "Data", "Assumptions"]);
    let sheet = workbook.worksheet_range("Summary").unwrap();
    assert_eq!((at(&sheet, 0, 0), at(&sheet, 1, 0)), ("spend_by_team".into(), "What does each team spend?".into()));
    let all = lines(&sheet);
    let line = |first: &str| all.iter().find(|line| line[0] == first).unwrap_or_else(|| panic!("no {first}: {all:?}"));
    assert_eq!(line("team")[1..], ["currency", "cost", "charges"]);
    assert_eq!(line("platform")[1..], ["USD", "1000000000000.1", "11"]);
    assert_eq!(line("*")[1..], ["USD", "0", "2"]);
    assert_eq!(line("total")[2..], ["cost", "charges"]);
    let formulas = lines_of_formulas(&mut workbook, "Summary");
    assert!(formulas.contains(&"SUBTOTAL(109,Data!$C$2:$C$5)".to_owned()), "{formulas:?}");
    assert!(
        formulas.iter().any(|formula| formula.starts_with("SUMPRODUCT(--EXACT(Data!$A$2:$A$5,$A$")),
        "{formulas:?}"
    );
    let notes = lines(&workbook.worksheet_range("Assumptions").unwrap())
        .into_iter()
        .map(|line| line.join(" "))
        .collect::<Vec<_>>();
    for part in [
        "exact sum of cost 1000000000000.300000000000000001 USD",
        "cost 1 number has more than 15 digits",
        "parameter period 2026-Q2 [2026-04-01,2026-07-01)",
        "as of 2026-07-05",
        "sources aws, claude",
        "SHA-256 of the SQL abc",
        "note 2 files came later",
        "version outlay 0.1.0",
        " =FROM x",
    ] {
        assert!(notes.iter().any(|line| line.contains(part)), "{part}: {notes:#?}");
    }
}

#[test]
fn amounts_of_two_currencies_are_added_apart() {
    let rows = "a,USD,1\na,EUR,2\nb,USD,4\nb,EUR,8\n";
    let mut workbook = written("team:text billing_currency:text cost:money", rows, Some(about()));
    let all = lines(&workbook.worksheet_range("Summary").unwrap());
    let rows: Vec<&[String]> =
        all.iter().filter(|line| ["USD", "EUR"].contains(&line[1].as_str())).map(|line| &line[1..]).collect();
    assert_eq!(rows, [["USD", "5"], ["EUR", "10"], ["USD", "1"], ["EUR", "2"], ["USD", "4"], ["EUR", "8"]]);
    assert!(!all.iter().any(|line| line[0] == "total" && line[1].is_empty()), "no total over currencies");
    let formulas = lines_of_formulas(&mut workbook, "Summary");
    assert!(
        !formulas.iter().any(|formula| formula.starts_with("SUBTOTAL") || formula.starts_with("SUM(")),
        "{formulas:?}"
    );
}

#[test]
fn what_cannot_be_added_is_not() {
    let mut workbook =
        written("team:text cost_per_success:money utilisation_percent:money", "a,1,2\nb,3,4\n", Some(about()));
    assert!(lines_of_formulas(&mut workbook, "Summary").is_empty());
}

#[test]
fn text_that_looks_like_a_formula_stays_text_everywhere() {
    let names = ["=1+1", "+1", "-1", "@a", "=cmd|' /C calc'!A0"];
    let rows: String = names.iter().map(|name| format!("\"{name}\",1\n")).collect();
    let mut workbook = written("team:text cost:money", &rows, Some(About { name: "=1+1".into(), ..about() }));
    let data = workbook.worksheet_range("Data").unwrap();
    for (row, name) in (1..).zip(names) {
        assert_eq!(data.get_value((row, 0)), Some(&Data::String(name.into())));
    }
    for sheet in ["Summary", "Data", "Assumptions"] {
        let formulas = lines_of_formulas(&mut workbook, sheet);
        assert!(
            formulas.iter().all(|formula| formula.starts_with("SUM") || formula.starts_with("SUBTOTAL")),
            "{formulas:?}"
        );
    }
}

#[test]
fn an_identifier_of_twenty_digits_keeps_them() {
    let mut workbook = written("account:int cost:money", "9223372036854775807,1\n123456789012345,2\n", None);
    let data = workbook.worksheet_range("Data").unwrap();
    assert_eq!(data.get_value((1, 0)), Some(&Data::String("9223372036854775807".into())));
    assert_eq!(data.get_value((2, 0)), Some(&Data::Float(123_456_789_012_345.0)));
}

#[test]
fn an_empty_result_is_a_workbook_too() {
    let mut workbook = written("team:text cost:money", "", Some(about()));
    assert_eq!(lines(&workbook.worksheet_range("Data").unwrap()), [["team", "cost"]]);
    assert!(at(&workbook.worksheet_range("Summary").unwrap(), 2, 0).starts_with("0 rows"));
}

#[test]
fn more_rows_than_a_sheet_holds_are_refused() {
    let rows = result("n:int", &"1\n".repeat(8_192));
    let mut out = Vec::new();
    let mut renderer =
        outlay::output::renderer(Format::Xlsx, &Style::default(), rows.schema(), Box::new(&mut out)).unwrap();
    let error = (0..129).find_map(|_| renderer.batch(&rows).err()).unwrap();
    assert!(error.to_string().contains("1048575 rows"), "{error}");
    assert_eq!(error.kind(), outlay::ErrorKind::Invalid);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let rows = result("team:text cost:money", "a,1\n");
    let style = Style { about: Some(about()), ..Style::default() };
    assert!(rendered(Format::Xlsx, &style, &rows).unwrap() == rendered(Format::Xlsx, &style, &rows).unwrap());
}

fn lines_of_formulas(workbook: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    let formulas = workbook.worksheet_formula(sheet).unwrap();
    formulas.used_cells().map(|(_, _, formula)| formula.clone()).collect()
}
