//! The record of a stack's last apply: other stacks' roles may be able to write it.

use super::Record;

/// A record that is read is the same once it is written again.
pub fn record(data: &[u8]) {
    let Ok(record) = serde_json::from_slice::<Record>(data) else { return };
    let written = serde_json::to_vec(&record).expect("a record can be written");
    let again: Record = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, record);
    assert_eq!(record.known().len(), record.resources.len() + record.begun.len());
    assert!(record.applied().len() <= record.resources.len());
    assert_eq!(record.resources().count(), record.resources.len());
}
