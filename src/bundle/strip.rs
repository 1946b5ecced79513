//! Leaves out of a program what only debuggers read: a program of the `dev` profile is mostly that.
//!
//! The kernel and the loader read segments. Symbols and debug information are sections behind the last segment, and the
//! table of sections is of no use without them. The `lambda` profile has the linker do this.

use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, ProgramHeader as _};

/// Where the ELF header has the place (8 bytes), the number and the name section (2 bytes each) of its sections:
/// `e_shoff`, `e_shnum`, `e_shstrndx`. <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>
const SECTIONS: [std::ops::Range<usize>; 2] = [0x28..0x30, 0x3c..0x40];

/// The program without its sections. One whose segments cannot be read stays as it is.
pub(super) fn strip(mut program: Vec<u8>) -> Vec<u8> {
    if let Some(end) = end_of_segments(&program) {
        program.truncate(end);
        for field in SECTIONS {
            program[field].fill(0);
        }
    }
    program
}

/// Where the last segment ends in the file. The program headers are inside of what is kept, as are the ELF header's
/// fields.
fn end_of_segments(program: &[u8]) -> Option<usize> {
    let header = FileHeader64::<Endianness>::parse(program).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, program).ok()?;
    let end = |segment: &object::elf::ProgramHeader64<Endianness>| {
        segment.p_offset(endian).checked_add(segment.p_filesz(endian))
    };
    let ends = segments.iter().map(end).collect::<Option<Vec<u64>>>()?;
    let table = header.e_phoff(endian).checked_add(size_of_val(segments) as u64)?;
    let end = usize::try_from(ends.into_iter().max()?.max(table)).ok()?;
    (end <= program.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use object::read::elf::ElfFile64;

    use super::*;

    #[test]
    fn what_is_stripped_still_runs() {
        // This test itself, which has symbols.
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let before = program.len();
        let stripped = strip(program);
        assert!(stripped.len() < before * 9 / 10, "{} of {before} bytes are left", stripped.len());
        let file = ElfFile64::<Endianness>::parse(stripped.as_slice()).unwrap();
        assert_eq!(file.elf_section_table().len(), 0);
        assert_eq!(strip(stripped.clone()), stripped);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stripped");
        std::fs::write(&path, &stripped).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let listed = std::process::Command::new(&path).args(["--list", "strip"]).output().unwrap();
        assert!(
            String::from_utf8_lossy(&listed.stdout).contains("what_is_stripped_still_runs"),
            "{listed:?}"
        );
    }

    #[test]
    fn what_is_no_program_stays_as_it_is() {
        for text in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01", &[0x7f; 64]] {
            assert_eq!(strip(text.to_vec()), text);
        }
    }
}
