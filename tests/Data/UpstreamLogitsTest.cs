using System.Security.Cryptography;
using System.Text;
using Retort.Audio;
using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class UpstreamLogitsTest : IDisposable
{
    private const int Rows = 20, TopK = 4;
    private readonly string folder = Directory.CreateTempSubdirectory("retort-upstream").FullName;

    private static readonly string[] Classes = [.. Enumerable.Range(0, 30).Select(c => $"class {c}")];

    private string Store => Path.Combine(folder, "store");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static float Value(int clip, int epoch, int rank) => 1f / (1 + clip + epoch) / (1 + rank);

    private static ushort Class(int clip, int epoch, int rank) => (ushort)((clip + 7 * epoch + rank) % 30);

    /// <summary>What environment/convert_ced_logits.py writes: each epoch in an order of its own.</summary>
    private void Write(int epochs)
    {
        var cards = new List<string>();
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            using var rows = new MemoryStream();
            var index = new StringBuilder();
            foreach (var clip in RandomStream.Of(epoch, "upstream order").Permutation(Rows))
            {
                for (var r = 0; r < TopK; r++)
                {
                    rows.Write(BitConverter.GetBytes((Half)Value(clip, epoch, r)));
                }
                for (var r = 0; r < TopK; r++)
                {
                    rows.Write(BitConverter.GetBytes(Class(clip, epoch, r)));
                }
                rows.Write(BitConverter.GetBytes((uint)(clip * 100 + epoch)));
                index.Append($"Y-clip{clip / 2}.wav\t{clip % 2 * 10}.000\t{clip % 2 * 10 + 10}.000\n");
            }
            File.WriteAllBytes(Path.Combine(folder, $"rows_{epoch}.bin"), rows.ToArray());
            File.WriteAllText(Path.Combine(folder, $"index_{epoch}.tsv"), index.ToString());
            static string Sha(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
            cards.Add($"{{\"rows\":{Rows},\"sha256\":\"{Sha(rows.ToArray())}\",\"index_sha256\":\"{Sha(Encoding.UTF8.GetBytes(index.ToString()))}\"}}");
        }
        File.WriteAllText(Path.Combine(folder, "card.json"), $"{{\"format\":\"ced-logits\",\"version\":1,\"topk\":{TopK},\"epochs\":[{string.Join(',', cards)}]}}");
    }

    [Fact]
    public void Convert_EpochsInOtherOrders_OneOrderInTheStore()
    {
        Write(3);
        var card = UpstreamLogits.Convert(folder, Store, Classes);
        using var store = TeacherStore.Open(Store, card);
        Assert.Equal((60, 3, UpstreamLogits.Algorithm), (store.Rows, store.Views, store.Card.Algorithm));
        var (values, classes) = (new Half[TopK], new ushort[TopK]);
        for (var clip = 0; clip < Rows; clip++)
        {
            var id = UpstreamLogits.Id($"Y-clip{clip / 2}.wav", clip % 2 * 10, clip % 2 * 10 + 10);
            Assert.Equal(($"Y-clip{clip / 2}.wav", clip % 2 * 10.0, clip % 2 * 10 + 10.0), UpstreamLogits.Section(id));
            for (var view = 0; view < 3; view++)
            {
                store.Read(store.Row(id, view), values, classes, out var seed);
                Assert.Equal((uint)(clip * 100 + view + 1), seed);
                Assert.Equal((Half)Value(clip, view + 1, 2), values[2]);
                Assert.Equal(Class(clip, view + 1, 3), classes[3]);
            }
        }
    }

    [Fact]
    public void Convert_OrderOfADataSet_IsKept()
    {
        Write(1);
        string[] order = [UpstreamLogits.Id("Y-clip3.wav", 10, 20), UpstreamLogits.Id("Y-clip0.wav", 0, 10)];
        UpstreamLogits.Convert(folder, Store, Classes, expect: order);
        using var store = TeacherStore.Open(Store);
        Assert.Equal([701u, 1u], Enumerable.Range(0, 2).Select(i => store.Seed(store.Row(i, 0))));
    }

    [Fact]
    public void WriteList_OpenedAsAFolder_HasTheStoresIdsInItsOrder()
    {
        Write(1);
        UpstreamLogits.Convert(folder, Store, Classes);
        var list = Path.Combine(folder, "clips.csv");
        UpstreamLogits.WriteList(folder, list);
        for (var file = 0; file < Rows / 2; file++)
        {
            WavFile.Write(Path.Combine(folder, $"Y-clip{file}.wav"), new Wave(new float[16], 16_000));
        }
        var clips = CsvFolder.Open(list, classes: Classes);
        using var store = TeacherStore.Open(Store);
        Assert.Equal(store.Card.Clips, clips.Count);
        Assert.All(Enumerable.Range(0, clips.Count), i => Assert.Equal(store.Row(i, 0), store.Row(clips.Id(i), 0)));
        Assert.Equal((new ViewSettings { Algorithm = ViewAlgorithm.Upstream }.Identity, "Upstream"), (store.Card.Augmentation, store.Card.Algorithm));
    }

    [Fact]
    public void Convert_DamagedOrIncomplete_NamesTheFile()
    {
        Write(2);
        var path = Path.Combine(folder, "rows_2.bin");
        var bytes = File.ReadAllBytes(path);
        bytes[33] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.StartsWith(path, Assert.Throws<BadInputException>(() => UpstreamLogits.Convert(folder, Store, Classes)).Message);
        File.Delete(path);
        Assert.StartsWith(path, Assert.Throws<BadInputException>(() => UpstreamLogits.Convert(folder, Store, Classes)).Message);
        Write(2);
        UpstreamLogits.Convert(folder, Store, Classes); // continues behind the first epoch
        using (var store = TeacherStore.Open(Store))
        {
            Assert.Equal(2, store.Views);
        }
        var e = Assert.Throws<BadInputException>(() => UpstreamLogits.Convert(folder, Path.Combine(folder, "other"), Classes, expect: ["Y-none.wav@0-10"]));
        Assert.Contains("lacks 1 of 1 clips", e.Message);
        Assert.Contains("convert_ced_logits.py", Assert.Throws<BadInputException>(() => UpstreamLogits.Convert(Path.Combine(folder, "none"), Store, Classes)).Message);
    }
}
