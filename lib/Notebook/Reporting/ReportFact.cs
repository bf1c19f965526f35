namespace Retort.Notebook;

/// <summary>Something that a paper says and that was counted here, without a verdict: one item of the library's facts.json.</summary>
internal sealed record ReportFact(string Paper, string Says, string Published, string Here, string Notes)
{
    /// <summary>All facts of a folder's facts.json; none where there is no such file.</summary>
    public static IReadOnlyList<ReportFact> Read(string folder) => ReportClaim.Items(
        Path.Combine(folder, "facts.json"),
        "fact",
        fields => new ReportFact(fields.Required("paper"), fields.Required("says"), fields.Text("published"), fields.Text("here"), fields.Text("notes")));
}
