using System.Text;
using Retort.Audio;
using Retort.Data;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>Damaged lists of a data set, as the loaders of a user's own folder and of AudioSet read them.</summary>
public sealed class CsvMutationTest : Mutations, IDisposable
{
    private const string Own = "filename,labels,start,end\na.wav,\"dog;cat\",0.5,1.5\na.wav,bird|dog,,\n\n\"a.wav\",cat,2,\n";
    private const string Segments = "# comment\na, 0.000, 10.000, \"/m/1,/m/2\"\nb, 30.000, 40.000, \"/m/2\"\n";
    private const string Labels = "index,mid,display_name\n0,/m/1,\"Dog, big\"\n1,/m/2,Cat\n";
    private readonly string folder = Directory.CreateTempSubdirectory("retort-fuzz-").FullName;

    public CsvMutationTest(ITestOutputHelper output)
        : base(output)
    {
        WavFile.Write(In("a.wav"), new Wave(new float[48_000], 16_000));
        File.WriteAllText(In("segments.csv"), Segments);
        File.WriteAllText(In("labels.csv"), Labels);
        Seeds = [Encoding.UTF8.GetBytes(Own), Encoding.UTF8.GetBytes(Segments), Encoding.UTF8.GetBytes(Labels)];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    // Each mutant is written to disk and read as three kinds of list.
    protected override int Count => 3_000;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override void Parse(byte[] file)
    {
        File.WriteAllBytes(In("mutant.csv"), file);
        BadInputException? refused = null;
        foreach (var open in new Action[]
        {
            () => CsvFolder.Open(In("mutant.csv"), folder, badRows: BadRows.LeaveOut),
            () => AudioSetFolder.Open(In("mutant.csv"), folder, In("labels.csv"), BadRows.LeaveOut),
            () => AudioSetFolder.Open(In("segments.csv"), folder, In("mutant.csv"), BadRows.LeaveOut),
        })
        {
            try
            {
                open();
            }
            catch (BadInputException e)
            {
                refused = e;
            }
        }
        // A seed is a whole file of one kind and none of the others; a mutant counts as refused where its message is shown.
        if (refused is not null && !Seeds.Any(s => s.AsSpan().SequenceEqual(file)))
        {
            throw refused;
        }
    }

    private string In(string name) => Path.Combine(folder, name);
}
