//! An error whose texts cannot act: messages, help and labels of it, of its causes and of what it lists. Errors quote
//! names and answers that somebody else chose.

use std::error::Error;
use std::fmt;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use crate::model::printable::{plain, plain_lines};

/// A copy of an error for printing. A quoted source is not copied: whoever makes it cleans it
/// ([`quotable`](crate::model::printable::quotable)).
pub(crate) struct Clean<'a> {
    message: String,
    code: Option<String>,
    help: Option<String>,
    url: Option<String>,
    severity: Option<Severity>,
    labels: Option<Vec<LabeledSpan>>,
    source_code: Option<&'a dyn SourceCode>,
    related: Vec<Clean<'a>>,
    cause: Option<Box<Clean<'a>>>,
    source: Option<Plain>,
}

impl<'a> Clean<'a> {
    /// The copy.
    pub(crate) fn of(error: &'a dyn Diagnostic) -> Self {
        let lines = |text: Option<Box<dyn fmt::Display + 'a>>| {
            text.map(|text| plain_lines(&text.to_string()).into_owned())
        };
        Self {
            message: plain_lines(&error.to_string()).into_owned(),
            code: lines(error.code()),
            help: lines(error.help()),
            url: lines(error.url()),
            severity: error.severity(),
            labels: error.labels().map(|labels| labels.map(|one| label(&one)).collect()),
            source_code: error.source_code(),
            related: error.related().into_iter().flatten().map(Self::of).collect(),
            cause: error.diagnostic_source().map(|cause| Box::new(Self::of(cause))),
            source: error.source().map(Plain::of),
        }
    }
}

fn label(label: &LabeledSpan) -> LabeledSpan {
    let text = label.label().map(|text| plain(text).into_owned());
    if label.primary() {
        LabeledSpan::new_primary_with_span(text, *label.inner())
    } else {
        LabeledSpan::new_with_span(text, *label.inner())
    }
}

impl fmt::Debug for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Clean<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &dyn Error)
    }
}

impl Diagnostic for Clean<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        shown(self.code.as_ref())
    }

    fn severity(&self) -> Option<Severity> {
        self.severity
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        shown(self.help.as_ref())
    }

    fn url<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        shown(self.url.as_ref())
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source_code
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.labels.as_ref()?;
        Some(Box::new(labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        let related = self.related.iter().map(|error| error as &dyn Diagnostic);
        if self.related.is_empty() { None } else { Some(Box::new(related)) }
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        self.cause.as_deref().map(|cause| cause as &dyn Diagnostic)
    }
}

fn shown(text: Option<&String>) -> Option<Box<dyn fmt::Display + '_>> {
    text.map(|text| Box::new(text) as Box<dyn fmt::Display>)
}

/// A cause that has nothing but a message.
#[derive(Debug)]
struct Plain {
    message: String,
    source: Option<Box<Plain>>,
}

impl Plain {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let source = error.source().map(|source| Box::new(Self::of(source)));
        Self { message: plain_lines(&error.to_string()).into_owned(), source }
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Plain {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &dyn Error)
    }
}
