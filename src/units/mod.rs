//! Quantities with their units: byte sizes, durations and periods of the calendar, parsed from and printed as people write them.

mod period;
mod size;

pub use period::{FiscalCalendar, Grain, Period};
pub use size::{ByteSize, parse_duration};
