namespace Retort.Notebook;

/// <summary>Content that is displayed as it stands, in one MIME type.</summary>
/// <param name="MimeType">For instance text/html.</param>
/// <param name="Value">The content.</param>
public sealed record FormattedValue(string MimeType, string Value);
