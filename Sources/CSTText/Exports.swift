// Everything in this module works on files and their languages, so each of its files sees them.
@_exported import CSTFormats
