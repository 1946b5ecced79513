//! Refuses a program that could not start on `provided.al2023`, before it is deployed.
//!
//! There such a program fails on its first invocation, with `Runtime.InvalidEntrypoint` or a loader's
//! message in a log that nobody reads yet. What is checked is what the kernel and the loader would check:
//! format, machine, the loader asked for, the shared libraries and the glibc symbol versions needed
//! (`.gnu.version_r`). Amazon Linux 2023 has glibc 2.34 for all its life:
//! <https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html>.

use object::elf::{self, FileHeader64};
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{Endianness, FileKind};

use super::Architecture;

/// The glibc of Amazon Linux 2023.
pub(super) const GLIBC: (u32, u32) = (2, 34);

/// The libraries a handler may link: glibc's own and GCC's unwinder. Whatever else the runtime's image
/// has is there for its own use and not promised.
const LIBRARIES: [&str; 9] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// Why a program cannot start on `provided.al2023`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotStart {
    /// Another format, or no program at all.
    #[error("it is not an ELF program")]
    NotElf,
    /// A damaged or truncated file.
    #[error("its ELF structure cannot be read: {0}")]
    Unreadable(String),
    /// Lambda runs 64-bit little-endian programs only.
    #[error("it is a {0} ELF program, Lambda runs 64-bit little-endian ones")]
    Class(&'static str),
    /// An object file or a core dump.
    #[error("it is an ELF file but not an executable")]
    NotExecutable,
    /// Built for another processor than the function declares.
    #[error("it is built for {found}, the function runs on {declared}")]
    Machine {
        /// What the ELF header says.
        found: String,
        /// What the function declares.
        declared: Architecture,
    },
    /// Dynamically linked against another C library, or by another distribution's layout.
    #[error("it asks for the loader {found}, which is not there; {expected} is")]
    Interpreter {
        /// The loader it names.
        found: String,
        /// glibc's loader on that architecture.
        expected: &'static str,
    },
    /// A shared library that the runtime does not promise.
    #[error("it needs the shared library {0}, which the runtime does not promise")]
    Library(String),
    /// Linked against a newer glibc.
    #[error("it needs {version} of {library}, the runtime has glibc {}.{}", GLIBC.0, GLIBC.1)]
    Glibc {
        /// The symbol version, such as `GLIBC_2.38`: the newest if there are more.
        version: String,
        /// The library it is needed of.
        library: String,
    },
}

impl From<object::Error> for CannotStart {
    fn from(error: object::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Checks that `program` can start on `provided.al2023` of `architecture`.
pub(super) fn check(program: &[u8], architecture: Architecture) -> Result<(), CannotStart> {
    match FileKind::parse(program) {
        Ok(FileKind::Elf64) => {}
        Ok(FileKind::Elf32) => return Err(CannotStart::Class("32-bit")),
        _ => return Err(CannotStart::NotElf),
    }
    check_header(program, architecture)?;
    let file = ElfFile64::<Endianness>::parse(program)?;
    check_interpreter(&file, architecture)?;
    check_libraries(&file)?;
    check_versions(&file)
}

fn check_header(program: &[u8], architecture: Architecture) -> Result<(), CannotStart> {
    let header = FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    if endian != Endianness::Little {
        return Err(CannotStart::Class("big-endian"));
    }
    let found = header.e_machine(endian);
    let expected = match architecture {
        Architecture::Arm64 => elf::EM_AARCH64,
        Architecture::X86_64 => elf::EM_X86_64,
    };
    if found != expected {
        return Err(CannotStart::Machine { found: machine_name(found), declared: architecture });
    }
    let kind = header.e_type(endian);
    if kind != elf::ET_DYN && kind != elf::ET_EXEC {
        return Err(CannotStart::NotExecutable);
    }
    Ok(())
}

fn machine_name(machine: elf::Machine) -> String {
    match machine {
        elf::EM_AARCH64 => Architecture::Arm64.to_string(),
        elf::EM_X86_64 => Architecture::X86_64.to_string(),
        other => format!("ELF machine {}", other.0),
    }
}

/// A static program has no interpreter and needs none.
fn check_interpreter(
    file: &ElfFile64<'_, Endianness>,
    architecture: Architecture,
) -> Result<(), CannotStart> {
    let expected = architecture.interpreter();
    for segment in file.elf_program_headers() {
        if let Some(found) = segment.interpreter(file.endian(), file.data())?
            && found != expected.as_bytes()
        {
            return Err(CannotStart::Interpreter { found: text(found), expected });
        }
    }
    Ok(())
}

/// Reads the sections, not the segments: linkers write both, and a program whose dynamic segment has no
/// section beside it was taken apart by a tool that leaves nothing to check.
fn check_libraries(file: &ElfFile64<'_, Endianness>) -> Result<(), CannotStart> {
    let table = file.elf_dynamic_table()?;
    let linked_dynamically =
        file.elf_program_headers().iter().any(|segment| segment.p_type(file.endian()) == elf::PT_DYNAMIC);
    if linked_dynamically && table.is_empty() {
        return Err(CannotStart::Unreadable("it has a dynamic segment but no dynamic section".to_owned()));
    }
    for entry in table.iter().filter(|entry| entry.tag == elf::DT_NEEDED) {
        let library = text(table.string(entry)?);
        if !LIBRARIES.contains(&library.as_str()) {
            return Err(CannotStart::Library(library));
        }
    }
    Ok(())
}

/// The loader refuses a program for one needed version that the library does not define, unless the need is
/// marked weak; so does this. Reports the newest, since building for that one settles all.
fn check_versions(file: &ElfFile64<'_, Endianness>) -> Result<(), CannotStart> {
    let endian = file.endian();
    let sections = file.elf_section_table();
    let Some((mut needs, link)) = sections.gnu_verneed(endian, file.data())? else {
        return Ok(());
    };
    let strings = sections.strings(endian, file.data(), link)?;
    let mut newest = None;
    while let Some((need, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let name = text(version.name(endian, strings)?);
            let weak = version.vna_flags.get(endian).contains(elf::VER_FLG_WEAK);
            if let (Some(rank), false) = (beyond_glibc(&name), weak) {
                newest = newest.max(Some((rank, name, text(need.file(endian, strings)?))));
            }
        }
    }
    match newest {
        None => Ok(()),
        Some((_, version, library)) => Err(CannotStart::Glibc { version, library }),
    }
}

/// How far beyond the runtime's glibc a symbol version is; `None` if it is there. What is no number, such
/// as `GLIBC_ABI_DT_RELR`, came after the last one that is there, or is private to one build of glibc.
fn beyond_glibc(version: &str) -> Option<(u32, u32)> {
    let number = version.strip_prefix("GLIBC_")?;
    let mut parts = number.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        return Some((0, 0));
    };
    ((major, minor) > GLIBC).then_some((major, minor))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
