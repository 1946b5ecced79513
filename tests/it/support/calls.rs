//! The calls that a verbose run of the program made.

/// The operations in `-v` output that change something, without those that every verbose run makes.
pub(crate) fn mutating(stderr: &str) -> Vec<&str> {
    let operations = stderr.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word == "INFO");
        let (_service, operation) = (words.next()?, words.next()?);
        line.trim_end().ends_with(" ok").then_some(operation)
    });
    operations.filter(|operation| provision::aws::mutates(operation)).collect()
}
