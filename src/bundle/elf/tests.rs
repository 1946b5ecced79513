//! Each refusal, on an ELF file put together here byte by byte.

use super::*;

/// A little ELF file: header, program headers for loader and dynamic table, and the sections
/// `.dynamic`, `.dynstr` and `.gnu.version_r`.
struct Elf {
    class: u8,
    data: u8,
    kind: u16,
    machine: u16,
    interpreter: Option<&'static str>,
    libraries: Vec<&'static str>,
    /// Symbol version and its flags, all needed of `libc.so.6`.
    versions: Vec<(&'static str, u16)>,
    sections: bool,
}

impl Default for Elf {
    fn default() -> Self {
        Self {
            class: 2,
            data: 1,
            kind: 3,
            machine: 62,
            interpreter: Some("/lib64/ld-linux-x86-64.so.2"),
            libraries: vec!["libgcc_s.so.1", "libc.so.6"],
            versions: vec![("GLIBC_2.2.5", 0), ("GLIBC_2.34", 0)],
            sections: true,
        }
    }
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;

fn put(bytes: &mut Vec<u8>, words: &[&[u8]]) {
    bytes.extend(words.iter().copied().flatten());
}

impl Elf {
    fn bytes(&self) -> Vec<u8> {
        let segments = 1 + usize::from(self.interpreter.is_some());
        let mut body = Vec::new();
        let base = HEADER + segments * PROGRAM_HEADER;
        let place = |body: &mut Vec<u8>, content: &[u8]| {
            body.resize(body.len().next_multiple_of(8), 0);
            let offset = base + body.len();
            body.extend(content);
            (offset as u64, content.len() as u64)
        };
        let (strings, dynamic, versions) = self.tables();
        let loader = self.interpreter.map(|path| place(&mut body, format!("{path}\0").as_bytes()));
        let dynamic = place(&mut body, &dynamic);
        let strings = place(&mut body, &strings);
        let versions = place(&mut body, &versions);
        body.resize(body.len().next_multiple_of(8), 0);

        let sections = if self.sections { 4_u16 } else { 0 };
        let table = if self.sections { base + body.len() } else { 0 } as u64;
        let mut file = self.header(segments as u16, sections, table);
        for (kind, (offset, size)) in loader.map(|at| (3_u32, at)).into_iter().chain([(2, dynamic)]) {
            put(&mut file, &[&kind.to_le_bytes(), &4_u32.to_le_bytes()]);
            for word in [offset, offset, offset, size, size, 8] {
                file.extend(word.to_le_bytes());
            }
        }
        file.extend(body);
        if self.sections {
            file.extend([0; SECTION_HEADER]);
            // SHT_DYNAMIC and SHT_GNU_VERNEED name their strings by section index: 2.
            for (kind, (offset, size), link, info, entry) in [
                (6_u32, dynamic, 2_u32, 0_u32, 16_u64),
                (3, strings, 0, 0, 0),
                (0x6fff_fffe, versions, 2, 1, 0),
            ] {
                put(&mut file, &[&0_u32.to_le_bytes(), &kind.to_le_bytes()]);
                for word in [2, offset, offset, size] {
                    file.extend(word.to_le_bytes());
                }
                put(&mut file, &[&link.to_le_bytes(), &info.to_le_bytes()]);
                put(&mut file, &[&8_u64.to_le_bytes(), &entry.to_le_bytes()]);
            }
        }
        file
    }

    fn header(&self, segments: u16, sections: u16, table: u64) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', self.class, self.data, 1, 0];
        file.extend([0; 8]);
        put(&mut file, &[&self.kind.to_le_bytes(), &self.machine.to_le_bytes(), &1_u32.to_le_bytes()]);
        for word in [0, HEADER as u64, table] {
            file.extend(word.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        // The last is where the names of sections are: any strings will do, no name is read.
        let names = sections.min(2);
        for half in [HEADER as u16, PROGRAM_HEADER as u16, segments, SECTION_HEADER as u16, sections, names] {
            file.extend(half.to_le_bytes());
        }
        file
    }

    /// The strings, the dynamic entries and the version needs that refer to them.
    fn tables(&self) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut strings = vec![0];
        let mut intern = |name: &str| {
            let at = strings.len() as u32;
            put(&mut strings, &[name.as_bytes(), &[0]]);
            at
        };
        let mut dynamic = Vec::new();
        for library in &self.libraries {
            let at = u64::from(intern(library));
            put(&mut dynamic, &[&1_u64.to_le_bytes(), &at.to_le_bytes()]);
        }
        dynamic.extend([0; 16]);

        let mut versions = Vec::new();
        put(
            &mut versions,
            &[
                &1_u16.to_le_bytes(),
                &(self.versions.len() as u16).to_le_bytes(),
                &intern("libc.so.6").to_le_bytes(),
                &16_u32.to_le_bytes(),
                &0_u32.to_le_bytes(),
            ],
        );
        for (index, (name, flags)) in self.versions.iter().enumerate() {
            let last = index + 1 == self.versions.len();
            put(
                &mut versions,
                &[
                    &0_u32.to_le_bytes(),
                    &flags.to_le_bytes(),
                    &(index as u16 + 2).to_le_bytes(),
                    &intern(name).to_le_bytes(),
                    &if last { 0_u32 } else { 16 }.to_le_bytes(),
                ],
            );
        }
        (strings, dynamic, versions)
    }

    fn check(&self) -> Result<(), CannotStart> {
        check(&self.bytes(), Architecture::X86_64)
    }

    fn refusal(&self) -> String {
        self.check().unwrap_err().to_string()
    }
}

#[test]
fn accepts_what_the_runtime_can_start() {
    assert_eq!(Elf::default().check(), Ok(()));
    let arm64 = Elf { machine: 183, interpreter: Some("/lib/ld-linux-aarch64.so.1"), ..Elf::default() };
    assert_eq!(check(&arm64.bytes(), Architecture::Arm64), Ok(()));
    let r#static = Elf { interpreter: None, libraries: vec![], ..Elf::default() };
    assert_eq!(r#static.check(), Ok(()));
}

#[test]
fn refuses_what_is_no_program() {
    for bytes in [&b"#!/bin/sh\necho no\n"[..], b"", b"MZ\x90\0 and so on"] {
        assert_eq!(check(bytes, Architecture::X86_64), Err(CannotStart::NotElf));
    }
    insta::assert_snapshot!(Elf { kind: 1, ..Elf::default() }.refusal(), @"it is an ELF file but not an executable");
}

#[test]
fn refuses_a_truncated_program() {
    let mut bytes = Elf::default().bytes();
    bytes.truncate(200);
    let refusal = check(&bytes, Architecture::X86_64).unwrap_err();
    assert!(matches!(refusal, CannotStart::Unreadable(_)), "{refusal}");
    let stripped = Elf { sections: false, ..Elf::default() };
    insta::assert_snapshot!(stripped.refusal(), @"its ELF structure cannot be read: it has a dynamic segment but no dynamic section");
}

#[test]
fn refuses_another_class() {
    insta::assert_snapshot!(Elf { class: 1, ..Elf::default() }.refusal(), @"it is a 32-bit ELF program, Lambda runs 64-bit little-endian ones");
    insta::assert_snapshot!(Elf { data: 2, ..Elf::default() }.refusal(), @"it is a big-endian ELF program, Lambda runs 64-bit little-endian ones");
}

#[test]
fn refuses_another_machine() {
    insta::assert_snapshot!(Elf { machine: 183, ..Elf::default() }.refusal(), @"it is built for arm64, the function runs on x86_64");
    insta::assert_snapshot!(Elf { machine: 243, ..Elf::default() }.refusal(), @"it is built for ELF machine 243, the function runs on x86_64");
}

#[test]
fn refuses_another_loader() {
    let musl = Elf { interpreter: Some("/lib/ld-musl-x86_64.so.1"), ..Elf::default() };
    insta::assert_snapshot!(musl.refusal(), @"it asks for the loader /lib/ld-musl-x86_64.so.1, which is not there; /lib64/ld-linux-x86-64.so.2 is");
}

#[test]
fn refuses_a_library_that_is_not_promised() {
    let openssl = Elf { libraries: vec!["libssl.so.3", "libc.so.6"], ..Elf::default() };
    insta::assert_snapshot!(openssl.refusal(), @"it needs the shared library libssl.so.3, which the runtime does not promise");
}

#[test]
fn refuses_a_newer_glibc_and_names_the_newest() {
    let newer = Elf {
        versions: vec![("GLIBC_2.38", 0), ("GLIBC_2.100", 0), ("GLIBC_ABI_DT_RELR", 0), ("GLIBC_2.34", 0)],
        ..Elf::default()
    };
    insta::assert_snapshot!(newer.refusal(), @"it needs GLIBC_2.100 of libc.so.6, the runtime has glibc 2.34");
    let packed_relocations = Elf { versions: vec![("GLIBC_ABI_DT_RELR", 0)], ..Elf::default() };
    insta::assert_snapshot!(packed_relocations.refusal(), @"it needs GLIBC_ABI_DT_RELR of libc.so.6, the runtime has glibc 2.34");
}

#[test]
fn passes_over_weak_needs_as_the_loader_does() {
    let weak = Elf { versions: vec![("GLIBC_2.39", 2), ("GLIBC_2.17", 0)], ..Elf::default() };
    assert_eq!(weak.check(), Ok(()));
}

#[test]
fn compares_versions_as_numbers() {
    for present in ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.34", "GCC_3.0"] {
        assert_eq!(beyond_glibc(present), None, "{present}");
    }
    assert_eq!(beyond_glibc("GLIBC_2.35"), Some((2, 35)));
    assert_eq!(beyond_glibc("GLIBC_3.0"), Some((3, 0)));
    assert_eq!(beyond_glibc("GLIBC_PRIVATE"), Some((0, 0)));
}
