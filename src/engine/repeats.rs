//! A function of values that repeat is worked out once a value.
//!
//! Tags, models and times stand in a ledger over and over: of the 8,192 rows of a batch, a hundred hold different tags. A
//! look-up in JSON, a conversion of text or the start of a month is worked out for the different values of a batch, and the
//! results are handed out to the rows.
//!
//! ```text
//! before  json_as_text(Tags, 'team')   8,192 parses of JSON a batch
//! after   json_as_text(Tags, 'team')     100 parses, 8,192 look-ups by the place of the text in memory
//!
//! before  date_trunc('month', ended_at)  8,192 walks through the calendar a batch
//! after   date_trunc('month', ended_at)     30 walks, one a day, 8,192 divisions
//! ```
//!
//! Only functions that depend on their arguments alone are given values once, and an error comes for the first row that has
//! it, as it would without.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StringArray, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};

/// Batches of fewer rows are not looked through.
const FEWEST_ROWS: usize = 64;

/// How many rows there must be to a different value, on average.
const ROWS_TO_A_VALUE: usize = 4;

/// Units of `date_trunc` that need a calendar; the shorter ones are one division of a time without a zone.
const CALENDAR_UNITS: [&str; 4] = ["week", "month", "quarter", "year"];

/// Units that need the rules of a zone, when there is one.
const ZONED_UNITS: [&str; 2] = ["day", "hour"];

const HOUR_SECONDS: i64 = 60 * 60;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// The names of a zone without rules.
const UTC: [&str; 4] = ["UTC", "Etc/UTC", "+00:00", "Z"];

/// Applies `work` to the different values of `values` and hands the results out to the rows; to all of them when few repeat.
///
/// # Errors
/// Those of `work`.
pub(super) fn once_each(
    values: &ArrayRef,
    work: impl Fn(&ArrayRef) -> DataFusionResult<ArrayRef>,
) -> DataFusionResult<ArrayRef> {
    match distinct(values)? {
        Some((distinct, rows)) => Ok(take(&work(&distinct)?, &rows, None)?),
        None => work(values),
    }
}

/// The different values, in the order in which they come up, and which of them each row has.
fn distinct(values: &ArrayRef) -> DataFusionResult<Option<(ArrayRef, UInt32Array)>> {
    let groups = match values.data_type() {
        _ if values.len() < FEWEST_ROWS => None,
        DataType::Utf8View => of_views(values.as_string_view()),
        DataType::Timestamp(unit, _) => of_times(values, *unit),
        DataType::Map(_, _) => TextMap::of(values.as_map()).and_then(|map| map.groups()),
        _ => None,
    };
    let Some(Groups { first, rows }) = groups else { return Ok(None) };
    Ok(Some((take(values, &UInt32Array::from(first), None)?, UInt32Array::from(rows))))
}

/// Rows with the same value: the first row of each value, and for each row which value it has.
struct Groups {
    first: Vec<u32>,
    rows: Vec<u32>,
}

/// Groups the rows by `same`, of which equal rows have an equal `hash`; `None` once too few repeat.
fn group(len: usize, hash: impl Fn(usize) -> u64, same: impl Fn(usize, usize) -> bool) -> Option<Groups> {
    let most = len / ROWS_TO_A_VALUE;
    // Slots of an open table, at most half of them taken: one more than the number of a value, 0 when free.
    let slots = (2 * most).next_power_of_two();
    let mut table = vec![0u32; slots];
    let mut groups = Groups { first: Vec::new(), rows: Vec::with_capacity(len) };
    let mut last = 0;
    for row in 0..len {
        if row > 0 && same(row - 1, row) {
            groups.rows.push(last);
            continue;
        }
        let mut slot = usize::try_from(hash(row) >> 32).ok()? & (slots - 1);
        last = loop {
            match table[slot].checked_sub(1) {
                None => {
                    let value = u32::try_from(groups.first.len()).ok()?;
                    if groups.first.len() >= most {
                        return None;
                    }
                    groups.first.push(u32::try_from(row).ok()?);
                    table[slot] = value + 1;
                    break value;
                }
                Some(value) if same(groups.first[value as usize] as usize, row) => break value,
                Some(_) => slot = (slot + 1) & (slots - 1),
            }
        };
        groups.rows.push(last);
    }
    Some(groups)
}

/// Mixes `word` into `hash` (a multiplication by a large odd number spreads what is in the low bits to the high ones).
fn mix(hash: u64, word: u64) -> u64 {
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    (hash.rotate_left(23) ^ word).wrapping_mul(SPREAD)
}

/// By the place of the text in memory, or by the text itself when it is short: a page holds each text of its dictionary once.
fn of_views(texts: &StringViewArray) -> Option<Groups> {
    let views = texts.views();
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
    let hash = |row: usize| mix(mix(0, half(views[row])), half(views[row] >> 64));
    let same = |one: usize, other: usize| {
        let nulls = (texts.is_null(one), texts.is_null(other));
        nulls == (true, true) || (nulls == (false, false) && views[one] == views[other])
    };
    match texts.null_count() {
        0 => group(texts.len(), hash, |one, other| views[one] == views[other]),
        _ => group(texts.len(), |row| if texts.is_null(row) { 0 } else { hash(row) }, same),
    }
}

fn of_times(times: &ArrayRef, unit: TimeUnit) -> Option<Groups> {
    let values: &[i64] = match unit {
        TimeUnit::Second => times.as_primitive::<TimestampSecondType>().values(),
        TimeUnit::Millisecond => times.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => times.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => times.as_primitive::<TimestampNanosecondType>().values(),
    };
    let hash = |row: usize| mix(0, values[row].cast_unsigned());
    let same = |one: usize, other: usize| match (times.is_null(one), times.is_null(other)) {
        (false, false) => values[one] == values[other],
        nulls => nulls == (true, true),
    };
    match times.null_count() {
        0 => group(times.len(), hash, |one, other| values[one] == values[other]),
        _ => group(times.len(), |row| if times.is_null(row) { 0 } else { hash(row) }, same),
    }
}

/// Times in UTC moved back to the start of their span of `seconds`, an hour or a day; `None` for other zones, whose days differ, and
/// for times that nanoseconds cannot tell, which `date_trunc` refuses.
fn starts(times: &ArrayRef, seconds: i64) -> Option<ArrayRef> {
    let DataType::Timestamp(unit, zone) = times.data_type() else { return None };
    if zone.as_deref().is_some_and(|zone| !UTC.contains(&zone)) {
        return None;
    }
    match unit {
        TimeUnit::Second => starts_of::<TimestampSecondType>(times, seconds, 1),
        TimeUnit::Millisecond => starts_of::<TimestampMillisecondType>(times, seconds, 1_000),
        TimeUnit::Microsecond => starts_of::<TimestampMicrosecondType>(times, seconds, 1_000_000),
        TimeUnit::Nanosecond => starts_of::<TimestampNanosecondType>(times, seconds, 1_000_000_000),
    }
}

fn starts_of<T: ArrowTimestampType>(times: &ArrayRef, seconds: i64, ticks_a_second: i64) -> Option<ArrayRef> {
    const NANOS_A_SECOND: i64 = 1_000_000_000;
    let times = times.as_primitive::<T>();
    let span = seconds * ticks_a_second;
    let (first, last) = times.values().iter().fold((0, 0), |(first, last), time| (first.min(*time), last.max(*time)));
    first.checked_sub(span)?.checked_mul(NANOS_A_SECOND / ticks_a_second)?;
    last.checked_mul(NANOS_A_SECOND / ticks_a_second)?;
    let starts = times.unary::<_, T>(|time| time - time.rem_euclid(span));
    Some(Arc::new(starts.with_timezone_opt(times.timezone())))
}

/// A map from text to text, such as the tags of an AWS export.
struct TextMap<'a> {
    map: &'a MapArray,
    keys: &'a StringArray,
    values: &'a StringArray,
}

impl<'a> TextMap<'a> {
    fn of(map: &'a MapArray) -> Option<Self> {
        Some(Self { map, keys: map.keys().as_string_opt()?, values: map.values().as_string_opt()? })
    }

    fn groups(&self) -> Option<Groups> {
        group(self.map.len(), |row| self.hash(row), |one, other| self.same(one, other))
    }

    /// The entries of a row: first and one past the last.
    fn entries(&self, row: usize) -> (usize, usize) {
        let bound = |offset: i32| usize::try_from(offset).unwrap_or(0);
        (bound(self.map.value_offsets()[row]), bound(self.map.value_offsets()[row + 1]))
    }

    fn hash(&self, row: usize) -> u64 {
        if self.map.is_null(row) {
            return 0;
        }
        let (start, end) = self.entries(row);
        // Equal rows have equal text, so the values are enough.
        bytes(self.values, start, end).chunks(8).fold(1, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(hash, u64::from_le_bytes(word))
        })
    }

    fn same(&self, one: usize, other: usize) -> bool {
        if self.map.is_null(one) || self.map.is_null(other) {
            return self.map.is_null(one) && self.map.is_null(other);
        }
        let ((one, one_end), (other, other_end)) = (self.entries(one), self.entries(other));
        one_end - one == other_end - other
            && same_texts(self.values, one, other, one_end - one)
            && same_texts(self.keys, one, other, one_end - one)
    }
}

/// The bytes of the texts from `start` to before `end`, one after the other.
fn bytes(texts: &StringArray, start: usize, end: usize) -> &[u8] {
    let bound = |index: usize| usize::try_from(texts.value_offsets()[index]).unwrap_or(0);
    &texts.value_data()[bound(start)..bound(end)]
}

/// Whether `len` texts from `one` on are those from `other` on.
fn same_texts(texts: &StringArray, one: usize, other: usize, len: usize) -> bool {
    let lengths = |start: usize| texts.value_offsets()[start..=start + len].windows(2).map(|pair| pair[1] - pair[0]);
    bytes(texts, one, one + len) == bytes(texts, other, other + len)
        && lengths(one).eq(lengths(other))
        && (texts.null_count() == 0 || (0..len).all(|entry| texts.is_null(one + entry) == texts.is_null(other + entry)))
}

/// Puts functions that are worked out once a value in the place of those that are worked out for every row.
#[derive(Debug)]
pub(super) struct RepeatedValues;

impl FunctionRewrite for RepeatedValues {
    fn name(&self) -> &'static str {
        "repeated_values"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _config: &ConfigOptions) -> DataFusionResult<Transformed<Expr>> {
        let Expr::ScalarFunction(ScalarFunction { func, args }) = expr else { return Ok(Transformed::no(expr)) };
        let same_within = match func.inner().downcast_ref::<OnceEach>() {
            None => dear(func.name(), &args, schema),
            Some(_) => None,
        };
        let Some(same_within) = same_within else { return Ok(Transformed::no(func.call(args))) };
        let once_each = OnceEach { function: func, same_within };
        Ok(Transformed::yes(Arc::new(ScalarUDF::new_from_impl(once_each)).call(args)))
    }
}

/// Which values give the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum SameWithin {
    /// Those that are equal.
    Value,
    /// Times in UTC in the same span of so many seconds: the month of a time is that of its day.
    Seconds(i64),
}

/// `function` of one time, worked out once for the times of each day in UTC, which must have the same result.
pub(super) fn once_a_day(function: ScalarUDF) -> ScalarUDF {
    ScalarUDF::new_from_impl(OnceEach { function: Arc::new(function), same_within: SameWithin::Seconds(DAY_SECONDS) })
}

/// Which values give the same result of a call that costs more than to find out; `None` for one that does not.
fn dear(function: &str, args: &[Expr], schema: &DFSchema) -> Option<SameWithin> {
    match (function, args) {
        ("json_as_text", [_, Expr::Literal(..)]) => Some(SameWithin::Value),
        ("date_trunc", [Expr::Literal(unit, _), time]) => {
            let unit = unit.try_as_str().flatten()?;
            let is_one_of = |units: &[&str]| units.iter().any(|name| name.eq_ignore_ascii_case(unit));
            let has_zone = || matches!(time.get_type(schema), Ok(DataType::Timestamp(_, Some(_))));
            let is_dear = is_one_of(&CALENDAR_UNITS) || (is_one_of(&ZONED_UNITS) && has_zone());
            let seconds = if unit.eq_ignore_ascii_case("hour") { HOUR_SECONDS } else { DAY_SECONDS };
            is_dear.then_some(SameWithin::Seconds(seconds))
        }
        _ => None,
    }
}

/// `function` in every respect, but worked out once a value.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OnceEach {
    function: Arc<ScalarUDF>,
    same_within: SameWithin,
}

impl ScalarUDFImpl for OnceEach {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        self.function.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<arrow::datatypes::FieldRef> {
        self.function.return_field_from_args(args)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> DataFusionResult<SortProperties> {
        self.function.output_ordering(inputs)
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.function.placement(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let mut arrays = args.args.iter().enumerate().filter_map(|(index, arg)| match arg {
            ColumnarValue::Array(array) => Some((index, array)),
            ColumnarValue::Scalar(_) => None,
        });
        let (Some((index, array)), None) = (arrays.next(), arrays.next()) else {
            return self.function.invoke_with_args(args);
        };
        let starts = match self.same_within {
            SameWithin::Value => None,
            SameWithin::Seconds(seconds) => starts(array, seconds),
        };
        let result = once_each(starts.as_ref().unwrap_or(array), |values| {
            let mut of_values = args.clone();
            of_values.args[index] = ColumnarValue::Array(Arc::clone(values));
            of_values.number_rows = values.len();
            self.function.invoke_with_args(of_values)?.into_array(values.len())
        });
        result.map(ColumnarValue::Array)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use arrow::array::{MapBuilder, StringBuilder, StringViewArray, TimestampMicrosecondArray};
    use arrow::datatypes::Field;
    use proptest::prelude::*;

    use super::*;

    /// What each row has, by the number of a value: short and long texts that differ in the first or the last letter, and NULL.
    fn text(number: u8) -> Option<String> {
        (number > 0).then(|| match number % 3 {
            0 => format!("{number}"),
            1 => format!("{number} is longer than what fits a view"),
            _ => format!("longer than what fits a view: {number}"),
        })
    }

    fn views(numbers: &[u8]) -> ArrayRef {
        // As a page does it: rows with the same value share its bytes.
        let dictionary: StringViewArray = (0..=u8::MAX).map(text).collect();
        let rows: UInt32Array = numbers.iter().map(|number| Some(u32::from(*number))).collect();
        take(&dictionary, &rows, None).unwrap()
    }

    fn times(numbers: &[u8]) -> ArrayRef {
        Arc::new(numbers.iter().map(|number| Some(i64::from(*number) - 100)).collect::<TimestampMicrosecondArray>())
    }

    /// What `date_trunc` gives for `times`, as DataFusion does it and once a start of a day or an hour.
    fn truncated(unit: &str, times: &ArrayRef) -> [Result<ArrayRef, String>; 2] {
        let function = datafusion::functions::datetime::date_trunc();
        let seconds = if unit == "hour" { HOUR_SECONDS } else { DAY_SECONDS };
        let once = OnceEach { function: Arc::clone(&function), same_within: SameWithin::Seconds(seconds) };
        [function, Arc::new(ScalarUDF::new_from_impl(once))].map(|function| {
            let field = |name: &str, kind: &DataType| Arc::new(Field::new(name, kind.clone(), true));
            let call = ScalarFunctionArgs {
                args: vec![ColumnarValue::Scalar(unit.into()), ColumnarValue::Array(Arc::clone(times))],
                arg_fields: vec![field("unit", &DataType::Utf8), field("time", times.data_type())],
                number_rows: times.len(),
                return_field: field("start", times.data_type()),
                config_options: Arc::default(),
            };
            let result = function.invoke_with_args(call).and_then(|result| result.into_array(times.len()));
            result.map_err(|cause| cause.to_string())
        })
    }

    fn maps(numbers: &[u8]) -> ArrayRef {
        let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for number in numbers {
            for entry in 0..number % 3 {
                builder.keys().append_value(format!("key {entry}"));
                builder.values().append_option(text(number.wrapping_add(entry)));
            }
            builder.append(*number != 7).unwrap();
        }
        Arc::new(builder.finish())
    }

    proptest! {
        #[test]
        fn handing_out_what_the_values_are_gives_the_rows(
            numbers in prop::collection::vec(0u8..40, 0..600),
            spread in 1u8..40,
            start in 0usize..80,
        ) {
            let numbers: Vec<u8> = numbers.into_iter().map(|number| number % spread).collect();
            for values in [views(&numbers), times(&numbers), maps(&numbers)] {
                let start = start.min(values.len());
                let sliced = values.slice(start, values.len() - start);
                prop_assert_eq!(&once_each(&sliced, |values| Ok(Arc::clone(values))).unwrap(), &sliced);
            }
        }
    }

    proptest! {
        #[test]
        fn the_start_of_a_time_is_that_of_its_day(
            // From 1677 to 2262 and beyond, where nanoseconds end.
            about in -9_300_000_000_000_000_i64..9_300_000_000_000_000,
            offsets in prop::collection::vec(prop::option::weighted(0.9, -40 * 86_400_000_000_i64..40 * 86_400_000_000), 64..400),
            zone in prop::option::of(prop::sample::select(vec!["UTC", "+00:00", "Europe/Berlin", "-05:30"])),
            unit in prop::sample::select(vec!["hour", "day", "week", "month", "quarter", "year"]),
            resolution in prop::sample::select(vec![
                TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond,
            ]),
        ) {
            let micros = offsets.iter().map(|offset| offset.map(|offset| about + offset));
            let micros: ArrayRef = Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone_opt(zone));
            let kind = DataType::Timestamp(resolution, zone.map(Into::into));
            let Ok(times) = arrow::compute::cast(&micros, &kind) else { return Ok(()) };
            let [plain, once] = truncated(unit, &times);
            // The first value that is out of range is told; which one comes first is not promised.
            prop_assert_eq!(plain.is_ok(), once.is_ok());
            if let (Ok(plain), Ok(once)) = (plain, once) {
                prop_assert_eq!(&plain, &once);
            }
        }
    }

    #[test]
    fn each_value_is_worked_out_once() {
        let numbers: Vec<u8> = (0..1000u16).map(|row| u8::try_from(row % 10).unwrap()).collect();
        // Of the maps, those of 0, 3, 6 and 9 are empty.
        for (values, different) in [(views(&numbers), 10), (times(&numbers), 10), (maps(&numbers), 7)] {
            let worked = Cell::new(0);
            let same = once_each(&values, |values| {
                worked.set(worked.get() + values.len());
                Ok(Arc::clone(values))
            });
            assert_eq!(&same.unwrap(), &values);
            assert_eq!(worked.get(), different, "{}", values.data_type());
        }
    }
}
