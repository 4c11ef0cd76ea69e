// Users of the library write one import: tokenizers, chat templates and the errors of files are part of its interface.
@_exported import CSTFormats
@_exported import CSTText
