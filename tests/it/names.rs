//! Two types never share a name where one file could use both: nobody should have to look up which of them is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::architecture::{Allowed, all_files, code, is_tests, may_import, table};

/// Names that several types may have, and why.
const CONVENTIONAL: &[(&str, &str)] = &[
    ("Args", "each command has its own, and only clap reads it"),
    ("Delivery", "the stack file's section `delivery`, and AWS's name of a delivery of logs"),
    ("Error", "each module has its own, and others name it with its module"),
];

/// A crate's folder, and the modules below it.
type ModulePath = Vec<String>;

/// A struct, an enum or a trait.
#[derive(Debug, PartialEq)]
struct Type {
    name: String,
    module: ModulePath,
    /// The module in which it can be named, with all that are in it.
    visible: ModulePath,
}

/// A file of the program or of a handler.
struct File {
    path: PathBuf,
    module: ModulePath,
    code: String,
}

/// The module that a file is: `src/a/mod.rs` and `src/a.rs` are both `["src", "a"]`.
fn module(path: &Path) -> ModulePath {
    let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
    let (root, inside) = match &parts[..] {
        ["lambda", name, "src", inside @ ..] => (format!("lambda/{name}"), inside),
        [root, inside @ ..] => ((*root).to_owned(), inside),
        [] => unreachable!("a file has a name"),
    };
    let inside = inside.iter().map(|part| part.trim_end_matches(".rs").to_owned());
    let inside = inside.filter(|part| !["lib", "main", "mod"].contains(&part.as_str()));
    std::iter::once(root).chain(inside).collect()
}

/// The program's files and those of the handlers, without their tests.
fn files() -> Vec<File> {
    let own = all_files()
        .filter(|(path, _)| (path.starts_with("src") || path.starts_with("lambda")) && !is_tests(path));
    own.map(|(path, _)| File {
        module: module(&path),
        code: code(&crate::architecture::root().join(&path)),
        path,
    })
    .collect()
}

/// The types that the code of a module declares at its top, and those that a macro there is given.
fn declared(module: &[String], code: &str) -> Vec<Type> {
    let declaration = r"(?m)^(?: *(pub(?:\(([^)]*)\))?) )?(?:struct|enum|trait|union) (\w+)";
    let of = |found: regex_lite::Captures<'_>| {
        let place = found.get(2).map(|place| place.as_str());
        let visible = match (found.get(1), place) {
            (None, _) => module.to_vec(),
            (_, None | Some("crate")) => module[..1].to_vec(),
            (_, Some("super")) => module[..module.len() - 1].to_vec(),
            (_, Some(place)) => {
                let inside = place.trim_start_matches("in crate::").split("::").map(str::to_owned);
                module[..1].iter().cloned().chain(inside).collect()
            }
        };
        Type { name: found[3].to_owned(), module: module.to_vec(), visible }
    };
    Regex::new(declaration).unwrap().captures_iter(code).map(of).collect()
}

/// Whether a file could name a type: it is visible there, and the import table allows its module.
fn can_use(table: &BTreeMap<String, Allowed>, file: &File, named: &Type) -> bool {
    if file.module[0] != named.module[0] {
        let package = named.module[0].trim_start_matches("lambda/");
        return named.visible.len() == 1 && file.code.contains(&format!("{package}::"));
    }
    let modules = match (&file.module[..], &named.module[..]) {
        ([root, own, ..], [_, path @ ..]) if root == "src" => {
            path.first() == Some(own) || may_import(own, &table[own], &path[..path.len().min(2)].join("::"))
        }
        _ => true,
    };
    modules && file.module.starts_with(&named.visible)
}

/// Both are types of AWS, of different services, which AWS itself gave this name.
fn named_by_aws(one: &Type, other: &Type) -> bool {
    let service = |found: &Type| match &found.module[..] {
        [root, resource, service, ..] if root == "src" && resource == "resource" => Some(service.clone()),
        _ => None,
    };
    service(one).zip(service(other)).is_some_and(|(one, other)| one != other)
}

/// The names that two types share which one file could use: each with the types' modules and such a file.
fn shared(table: &BTreeMap<String, Allowed>, files: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_name: BTreeMap<String, Vec<Type>> = BTreeMap::new();
    for found in files.iter().flat_map(|file| declared(&file.module, &file.code)) {
        by_name.entry(found.name.clone()).or_default().push(found);
    }
    let mut shared: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, types) in by_name {
        for (index, one) in types.iter().enumerate() {
            for other in types[index + 1..].iter().filter(|other| !named_by_aws(one, other)) {
                let both = |file: &&File| can_use(table, file, one) && can_use(table, file, other);
                if let Some(file) = files.iter().filter(|file| file.module != ["src"]).find(both) {
                    let (one, other) = (one.module.join("::"), other.module.join("::"));
                    let said = format!("{name}: {one} and {other}, both for {}", file.path.display());
                    shared.entry(name.clone()).or_default().insert(said);
                }
            }
        }
    }
    shared
}

#[test]
fn two_types_never_share_a_name() {
    let shared = shared(&table(), &files());
    let allowed: BTreeSet<&str> = CONVENTIONAL.iter().map(|(name, _)| *name).collect();
    let new: Vec<String> = shared
        .iter()
        .filter(|(name, _)| !allowed.contains(name.as_str()))
        .flat_map(|(_, said)| said.clone())
        .collect();
    assert!(new.is_empty(), "one of each should have a name of its own:\n{}", new.join("\n"));
    let gone: Vec<&str> = allowed.into_iter().filter(|name| !shared.contains_key(*name)).collect();
    assert!(gone.is_empty(), "no longer shared, so no longer allowed: {gone:?}");
}

#[test]
fn a_shared_name_is_found_where_both_types_are_visible() {
    let table = BTreeMap::from([
        ("a".to_owned(), Allowed { modules: BTreeSet::from(["b".to_owned()]), sdk: false }),
        ("b".to_owned(), Allowed { modules: BTreeSet::new(), sdk: false }),
    ]);
    let file = |path: &str, code: &str| {
        let path = PathBuf::from(path);
        File { module: module(&path), path, code: code.to_owned() }
    };
    let files = [
        file(
            "src/a/mod.rs",
            "pub struct Seen;\npub(super) struct Near;\nfn f() {\n    struct Inner;\n}\nstruct Inner;",
        ),
        file("src/a/c.rs", "struct Own;\nsome! {\n    pub enum Given {}\n}\npub(in crate::a) trait Near {}"),
        file("src/b.rs", "pub(crate) struct Seen;\npub struct Own;\npub(super) struct Given;\nstruct Inner;"),
        file("src/b/d.rs", "pub(super) struct Deep;\nstruct Far;"),
        file("src/a/e.rs", "struct Far;\npub struct Deep;"),
    ];
    let found: Vec<String> = shared(&table, &files).into_keys().collect();
    assert_eq!(found, ["Given", "Near", "Own", "Seen"]);
}
