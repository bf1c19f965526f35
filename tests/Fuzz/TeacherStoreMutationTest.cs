using Retort.Data;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>Damaged scores of a teacher store. Both files of a store have the same layout, so that one stands for both.</summary>
public sealed class TeacherStoreMutationTest : Mutations, IDisposable
{
    private const int Clips = 3, Views = 2, TopK = 4;
    private readonly string folder = Directory.CreateTempSubdirectory("retort-fuzz-").FullName;
    private readonly string store;

    public TeacherStoreMutationTest(ITestOutputHelper output)
        : base(output)
    {
        store = Path.Combine(folder, "store");
        var card = new TeacherStoreCard(["t/aa"], "f", "a", "v-1", "d", ["x", "y", "z", "u", "w"], Clips, Views) { TopK = TopK };
        using (var writer = TeacherStoreWriter.Open(store, card, ["a", "b", "c"]))
        {
            for (var row = 0; row < Clips * Views; row++)
            {
                writer.Append([0.1f, 0.2f, 0.3f, 0.4f, 0.5f], (uint)row);
            }
        }
        Seeds = [File.ReadAllBytes(Scores)];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    // Each mutant is a file that is written, mapped and unmapped.
    protected override int Count => 3_000;

    private string Scores => Path.Combine(store, TeacherStore.ScoresFile);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override void Parse(byte[] file)
    {
        File.WriteAllBytes(Scores, file);
        using var opened = TeacherStore.Open(store, allowPartial: true);
        var (values, classes) = (new Half[opened.Card.TopK], new ushort[opened.Card.TopK]);
        for (var row = 0L; row < opened.Rows; row++)
        {
            opened.Read(row, values, classes, out _);
        }
    }
}
