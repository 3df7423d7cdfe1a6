//! Seconds since 1970 as a date and a time of day.

/// A moment of the Gregorian calendar in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

const DAY: u64 = 24 * 60 * 60;

/// The last second whose year has four digits; a clock beyond it is broken, and
/// lines must still have a header of fixed width.
const LAST: u64 = 253_402_300_799;

impl Utc {
    /// Leap seconds do not exist in Unix time, so every day has 86 400 seconds.
    ///
    /// LevelDB calls localtime_r(3), which reads the time zone's file and takes
    /// a lock; UTC needs neither, and has no hour that occurs twice a year.
    pub(crate) fn from_unix(seconds: u64) -> Self {
        let seconds = seconds.min(LAST);
        let (mut days, in_day) = (seconds / DAY, seconds % DAY);
        let mut year = 1970;
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year += 1;
        }
        let mut month = 1;
        while days >= days_in_month(year, month) {
            days -= days_in_month(year, month);
            month += 1;
        }
        Self {
            year,
            month,
            day: days + 1,
            hour: in_day / 3600,
            minute: in_day / 60 % 60,
            second: in_day % 60,
        }
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(seconds: u64) -> [u64; 6] {
        let utc = Utc::from_unix(seconds);
        [
            utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second,
        ]
    }

    #[test]
    fn known_moments() {
        // Each from `date -u -d @SECONDS`.
        assert_eq!(fields(0), [1970, 1, 1, 0, 0, 0]);
        assert_eq!(fields(951_782_399), [2000, 2, 28, 23, 59, 59]);
        assert_eq!(fields(951_782_400), [2000, 2, 29, 0, 0, 0]);
        assert_eq!(fields(1_078_012_800), [2004, 2, 29, 0, 0, 0]);
        assert_eq!(fields(1_795_406_075), [2026, 11, 23, 3, 54, 35]);
        assert_eq!(fields(4_107_542_400), [2100, 3, 1, 0, 0, 0]);
        assert_eq!(fields(LAST), [9999, 12, 31, 23, 59, 59]);
        assert_eq!(fields(u64::MAX), fields(LAST));
    }

    proptest! {
        /// gmtime_r(3) must say the same.
        #[test]
        fn agrees_with_the_c_library(seconds in 0..=LAST) {
            let time = libc::time_t::try_from(seconds).unwrap();
            let mut tm = std::mem::MaybeUninit::<libc::tm>::uninit();
            // SAFETY: both pointers are valid for the call, which fills `tm`.
            let filled = unsafe { libc::gmtime_r(&time, tm.as_mut_ptr()) };
            prop_assert!(!filled.is_null());
            // SAFETY: the call above has filled it.
            let tm = unsafe { tm.assume_init() };
            let expected = [
                tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
            ];
            prop_assert_eq!(fields(seconds), expected.map(|field| u64::try_from(field).unwrap()));
        }
    }
}
