//! What the workspace's own manifest and its lock file decide about the handlers' programs.
//!
//! Of the lock file that is the packages that the handlers reach without their tests' dependencies, and those that make
//! their zips; of the manifest
//! everything but what is known to be of no concern to them: the root package, other profiles, the list of members,
//! lints, and versions of dependencies that no handler takes from the workspace. What cannot be followed in this way
//! counts whole, so a mistake here costs a build and never leaves an old program in place.

use std::collections::BTreeSet;

use toml::{Table, Value};

/// The profile that handlers are built with.
pub(super) const PROFILE: &str = "lambda";
/// Tables of the root manifest that speak of the root package alone.
const OF_THE_ROOT: [&str; 12] = [
    "badges",
    "bench",
    "bin",
    "build-dependencies",
    "dependencies",
    "dev-dependencies",
    "example",
    "features",
    "lib",
    "lints",
    "target",
    "test",
];
/// Members of `[workspace]` that are in no program.
const OF_THE_WORKSPACE: [&str; 5] = ["default-members", "exclude", "lints", "members", "metadata"];
/// The packages of this program that decide what a zip is made of.
const PACKING: [&str; 3] = ["flate2", "zip", "zlib-rs"];
/// The dependencies of a program and of its build scripts.
const DEPENDENCIES: [&str; 3] = ["dependencies", "build-dependencies", "build_dependencies"];

/// What decides about the programs of the packages with these manifests, as one text: equal texts mean equal programs,
/// as far as manifest and lock file go. None where it cannot be told.
pub(super) fn decisive(root: &str, lock: &str, members: &[String]) -> Option<String> {
    let root: Table = toml::from_str(root).ok()?;
    let lock: Table = toml::from_str(lock).ok()?;
    let members = members.iter().map(|text| Member::read(text, &root)).collect::<Option<Vec<_>>>()?;
    let taken = members.iter().flat_map(|member| &member.taken).map(String::as_str).collect();
    let manifest = manifest(root, &taken);
    let packages = reached(&lock, &members)?;
    serde_json::to_string(&(manifest, packages)).ok()
}

/// A package under `lambda/`.
struct Member {
    name: String,
    /// The packages that it depends on, but for its tests.
    needs: BTreeSet<String>,
    /// The keys of those that the workspace's manifest specifies.
    taken: BTreeSet<String>,
}

impl Member {
    fn read(manifest: &str, root: &Table) -> Option<Self> {
        let manifest: Table = toml::from_str(manifest).ok()?;
        let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
        let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let tables = targets.filter_map(Value::as_table).chain([&manifest]);
        let mut member = Self { name, needs: BTreeSet::new(), taken: BTreeSet::new() };
        let lists = tables.flat_map(|table| DEPENDENCIES.iter().filter_map(|list| table.get(*list)));
        for (key, spec) in lists.filter_map(Value::as_table).flatten() {
            let inherits = spec.get("workspace").and_then(Value::as_bool) == Some(true);
            let spec = if inherits {
                member.taken.insert(key.clone());
                root.get("workspace")?.get("dependencies")?.get(key)?
            } else {
                spec
            };
            let package = spec.get("package").and_then(Value::as_str).unwrap_or(key);
            member.needs.insert(package.to_owned());
        }
        Some(member)
    }
}

/// The root manifest without what is in no handler; `taken` are the dependencies that handlers take from it.
fn manifest(mut root: Table, taken: &BTreeSet<&str>) -> Table {
    root.retain(|key, _| !OF_THE_ROOT.contains(&key));
    // The root package's edition decides how features are resolved where the workspace does not say.
    if let Some(Value::Table(package)) = root.get_mut("package") {
        package.retain(|key, _| ["edition", "resolver"].contains(&key));
    }
    if let Some(Value::Table(workspace)) = root.get_mut("workspace") {
        workspace.retain(|key, _| !OF_THE_WORKSPACE.contains(&key));
        if let Some(Value::Table(dependencies)) = workspace.get_mut("dependencies") {
            dependencies.retain(|key, _| taken.contains(key));
        }
    }
    if let Some(Value::Table(profiles)) = root.get_mut("profile") {
        let used = lineage(profiles);
        profiles.retain(|key, _| used.contains(key));
    }
    root
}

/// The profile of the handlers and those that it inherits from.
fn lineage(profiles: &Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = Some(PROFILE.to_owned());
    while let Some(name) = next.filter(|name| found.insert(name.clone())) {
        let inherits = profiles.get(&name).and_then(|profile| profile.get("inherits"));
        next = inherits.and_then(Value::as_str).map(str::to_owned);
    }
    found
}

/// A package's entry in the lock file.
#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    table: &'a Table,
}

impl<'a> Entry<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        let table = value.as_table()?;
        let text = |key| table.get(key).and_then(Value::as_str);
        Some(Self { name: text("name")?, version: text("version")?, source: text("source"), table })
    }

    /// What it depends on: `name`, `name version` or `name version (source)`, as far as that tells packages apart.
    fn needs(&self) -> impl Iterator<Item = &'a str> {
        self.table
            .get("dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    fn is(&self, reference: &str) -> bool {
        let mut words = reference.splitn(3, ' ');
        let source = |text: &str| Some(text.trim_matches(['(', ')'])) == self.source;
        words.next() == Some(self.name)
            && words.next().is_none_or(|version| version == self.version)
            && words.next().is_none_or(source)
    }
}

/// The entries of the packages that the members reach. A package of the workspace or of a path that is no member has
/// sources that nobody looks at, so there is no answer then.
fn reached(lock: &Table, members: &[Member]) -> Option<BTreeSet<String>> {
    let entries = lock.get("package")?.as_array()?.iter().map(Entry::read).collect::<Option<Vec<_>>>()?;
    let of_member =
        |entry: &Entry<'_>| members.iter().find(|member| entry.source.is_none() && member.name == entry.name);
    let mut pending: Vec<Entry<'_>> =
        entries.iter().filter(|entry| of_member(entry).is_some()).copied().collect();
    if pending.len() != members.len() {
        return None;
    }
    // What a member's tests need stands in its entry, so only those of others are kept; its manifest is looked at
    // among the sources.
    let (mut seen, mut kept) = (BTreeSet::new(), BTreeSet::new());
    while let Some(entry) = pending.pop() {
        let member = of_member(&entry);
        if !seen.insert((entry.name, entry.version, entry.source)) {
            continue;
        }
        match (entry.source, member) {
            (Some(_), _) => drop(kept.insert(serde_json::to_string(entry.table).ok()?)),
            (None, Some(_)) => {}
            (None, None) => return None,
        }
        for reference in entry.needs() {
            let name = reference.split(' ').next().unwrap_or_default();
            if member.is_some_and(|member| !member.needs.contains(name)) {
                continue;
            }
            let before = pending.len();
            pending.extend(entries.iter().filter(|entry| entry.is(reference)));
            if pending.len() == before {
                return None;
            }
        }
    }
    for entry in entries.iter().filter(|entry| PACKING.contains(&entry.name)) {
        kept.insert(serde_json::to_string(entry.table).ok()?);
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace]
        members = [".", "lambda/submit"]
        resolver = "3"
        [workspace.package]
        edition = "2024"
        [workspace.dependencies]
        sdk = { version = "1", features = ["s3"] }
        screen = "1"
        renamed = { package = "codec", version = "2" }
        [package]
        name = "root"
        version = "1.0.0"
        [dependencies]
        sdk.workspace = true
        screen.workspace = true
        [profile.dev]
        debug = false
        [profile.lambda]
        inherits = "release"
        [profile.release]
        lto = "thin"
    "#;
    const SUBMIT: &str = r#"
        [package]
        name = "submit"
        [dependencies]
        sdk.workspace = true
        [target.'cfg(unix)'.dependencies]
        renamed.workspace = true
        [dev-dependencies]
        root = { path = "../.." }
        mocks = "1"
    "#;
    const LOCK: &str = r#"
        version = 4
        [[package]]
        name = "root"
        version = "1.0.0"
        dependencies = ["sdk", "screen"]
        [[package]]
        name = "submit"
        version = "1.0.0"
        dependencies = ["codec 2.0.0", "mocks", "root", "sdk"]
        [[package]]
        name = "sdk"
        version = "1.0.0"
        source = "registry"
        checksum = "5d"
        dependencies = ["bytes"]
        [[package]]
        name = "bytes"
        version = "1.0.0"
        source = "registry"
        checksum = "b1"
        [[package]]
        name = "codec"
        version = "2.0.0"
        source = "registry"
        checksum = "c2"
        [[package]]
        name = "codec"
        version = "1.0.0"
        source = "registry"
        checksum = "c1"
        [[package]]
        name = "mocks"
        version = "1.0.0"
        source = "registry"
        checksum = "3c"
        [[package]]
        name = "screen"
        version = "1.0.0"
        source = "registry"
        checksum = "5c"
        dependencies = ["codec 1.0.0"]
        [[package]]
        name = "zlib-rs"
        version = "1.0.0"
        source = "registry"
        checksum = "21"
    "#;

    fn of(root: &str, lock: &str, submit: &str) -> Option<String> {
        decisive(root, lock, &[submit.to_owned()])
    }

    /// What is decisive once these replacements are made in the manifest and in the lock file.
    fn edited(root: [&str; 2], lock: [&str; 2]) -> String {
        let edit = |text: &str, [from, to]: [&str; 2]| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        of(&edit(ROOT, root), &edit(LOCK, lock), SUBMIT).unwrap()
    }

    const SAME: [&str; 2] = ["", ""];

    #[test]
    fn what_no_handler_reaches_changes_nothing() {
        let before = of(ROOT, LOCK, SUBMIT).unwrap();
        for root in [
            ["name = \"root\"\n        version = \"1.0.0\"", "name = \"root\"\n        version = \"2.0.0\""],
            ["[dependencies]", "[dependencies]\n        toml = \"1\""],
            ["screen = \"1\"", "screen = \"2\"\n        toml = \"1\""],
            ["debug = false", "debug = true"],
            [".\", ", ".\", \"lambda/more\", "],
            [
                "[workspace.package]",
                "[workspace.lints.clippy]\n        all = \"warn\"\n        [workspace.package]",
            ],
            ["[workspace]", "# A comment.\n        [workspace]"],
        ] {
            assert_eq!(edited(root, SAME), before, "{root:?}");
        }
        for lock in [["\"5c\"", "\"5d\""], ["\"3c\"", "\"3d\""], ["\"c1\"", "\"c0\""], ["[\"sdk\", ", "["]] {
            assert_eq!(edited(SAME, lock), before, "{lock:?}");
        }
    }

    #[test]
    fn whatever_a_handler_reaches_changes_it() {
        let mut seen = BTreeSet::from([of(ROOT, LOCK, SUBMIT).unwrap()]);
        for root in [
            ["resolver = \"3\"", "resolver = \"2\""],
            ["edition = \"2024\"", "edition = \"2021\""],
            ["[\"s3\"]", "[\"s3\", \"rustls\"]"],
            ["inherits = \"release\"", "inherits = \"release\"\n        opt-level = 3"],
            ["lto = \"thin\"", "lto = \"fat\""],
            ["[package]", "[patch.crates-io]\n        sdk = { git = \"x\" }\n        [package]"],
        ] {
            assert!(seen.insert(edited(root, SAME)), "{root:?}");
        }
        for lock in [["\"5d\"", "\"5e\""], ["\"b1\"", "\"b2\""], ["\"c2\"", "\"c3\""], ["\"21\"", "\"22\""]] {
            assert!(seen.insert(edited(SAME, lock)), "{lock:?}");
        }
    }

    #[test]
    fn what_cannot_be_followed_has_no_answer() {
        assert_eq!(of(ROOT, LOCK, &SUBMIT.replace("[dev-dependencies]", "[build-dependencies]")), None);
        assert_eq!(of(ROOT, &LOCK.replace("name = \"bytes\"", "name = \"other\""), SUBMIT), None);
        assert_eq!(of(ROOT, "version = 4", SUBMIT), None);
        assert_eq!(of("[workspace", LOCK, SUBMIT), None);
        assert_eq!(of(ROOT, LOCK, &SUBMIT.replace("\"submit\"", "\"unlocked\"")), None);
    }

    #[test]
    fn this_workspace_can_be_followed_and_its_programs_do_not_rest_on_the_command() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let members =
            ["asset", "handler", "publish", "submit"].map(|name| read(&format!("lambda/{name}/Cargo.toml")));
        let text = decisive(&read("Cargo.toml"), &read("Cargo.lock"), &members).unwrap();
        assert!(text.contains("lambda_runtime") && text.contains("aws-sdk-mediaconvert"), "{text}");
        assert!(!text.contains("clap_builder") && !text.contains("aws-sdk-iam"), "{text}");
    }
}
