//! The stack of a fleet in one of its targets, as a stack file of its own.

use std::str::FromStr;

use super::StackFile;
use super::fleet::{Fleet, FleetTargets, GLOBAL};
use super::identity::AccountId;
use super::reader::Scalar as _;
use super::region::Region;
use super::tree::Text;

impl Fleet {
    /// The same stack in some targets of the fleet, as stack files of their own. What differs between them is the account
    /// and the region: no two have the same account, and no two the same region, unless every target is in us-east-1.
    /// The accounts are of nobody.
    #[must_use]
    pub fn samples(&self, file: &StackFile) -> Vec<StackFile> {
        let mut regions = self.regions.clone();
        if regions.len() == 1 {
            regions.push(self.stand_in());
        }
        let sample =
            |(number, region): (usize, &Region)| in_target(file, AccountId::numbered(number), *region);
        regions.iter().enumerate().map(sample).collect()
    }

    /// The stack in one target, as a stack file. `None` if it is not among the fleet's.
    #[must_use]
    pub fn target(&self, file: &StackFile, account: &AccountId, region: Region) -> Option<StackFile> {
        let has_account = match &self.targets {
            FleetTargets::Accounts { accounts, .. } => accounts.contains(account),
            // Which accounts a unit has, only the organization knows.
            FleetTargets::Units { .. } => true,
        };
        let found = has_account && self.regions.contains(&region);
        found.then(|| in_target(file, account.clone(), region))
    }

    /// The stack in any target, as a stack file: account and region are patterns. For what roles in the targets may do.
    #[must_use]
    pub fn anywhere(&self, file: &StackFile) -> StackFile {
        in_target(file, AccountId::any(), Region::any())
    }

    /// A region beside the only one, so that the template does not name that one: a region that is added later changes
    /// nothing in the others. us-east-1 has what no other region has, so no other stands in for it.
    fn stand_in(&self) -> Region {
        let only = self.regions[0];
        match only.as_str() {
            GLOBAL => only,
            _ => Region::other_than(&[only.as_str(), GLOBAL]),
        }
    }
}

/// The file as it is for an account and a region. A boundary in the file's account is the policy of the same name in each.
fn in_target(file: &StackFile, account: AccountId, region: Region) -> StackFile {
    let mut roles = file.roles.clone();
    if let Some(boundary) = &mut roles.permissions_boundary {
        *boundary = boundary.replace(file.account.as_str(), account.as_str());
    }
    StackFile { account, region, roles, fleet: None, in_fleet: true, ..file.clone() }
}

/// A target of a fleet, as the command line names it: `111122223333/eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetTarget {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl FromStr for FleetTarget {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let wrong = || "an account and a region, such as 111122223333/eu-west-1".to_owned();
        let (account, region) = written.split_once('/').ok_or_else(wrong)?;
        let read = |text: &str| Text { text: text.to_owned(), plain: false };
        let account = AccountId::scalar(&read(account)).map_err(|_| wrong())?;
        let region = Region::scalar(&read(region)).map_err(|_| wrong())?;
        Ok(Self { account, region })
    }
}
