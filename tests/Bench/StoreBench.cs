using System.Diagnostics;
using Retort.Data;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>The teacher store at the size of AudioSet's published scores: 2,000,000 views, top 20 of 527 classes.</summary>
internal static class StoreBench
{
    private const int Clips = 200_000, Views = 10, TopK = 20, Classes = 527;

    public static IEnumerable<Row> All() => [.. Reading(), Memory(), Building()];

    // One teacher, the smallest there is, on 10 s clips: its forward passes against all that storing their scores adds.
    private static Row Building()
    {
        const int Batch = 8, Batches = 6;
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        var folder = Path.Combine(Path.GetTempPath(), $"retort-store-{Environment.ProcessId}");
        try
        {
            using var model = new AudioTransformer(AudioTransformerSettings.Tiny with { Pooling = Pooling.Mean }, seed: 0);
            var draw = RandomStream.Of(0, "bench");
            using var waves = tensor(Enumerable.Range(0, Batch * 160_000).Select(_ => 2 * draw.NextSingle() - 1).ToArray(), [Batch, 160_000]);
            var card = new TeacherStoreCard(["bench"], "bench", "bench", "bench", "bench", [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")], Batch * Batches, 1) { TopK = TopK };
            var (passes, storing) = (new Stopwatch(), Stopwatch.StartNew());
            var writer = TeacherStoreWriter.Open(folder, card, [.. Enumerable.Range(0, Batch * Batches).Select(c => $"clip-{c:D7}")]);
            storing.Stop();
            model.eval();
            for (var batch = -1; batch < Batches; batch++)
            {
                using var scope = NewDisposeScope();
                using var none = inference_mode();
                passes.Start();
                var scores = model.call(waves);
                passes.Stop();
                if (batch < 0)
                {
                    passes.Reset();
                    continue;
                }
                storing.Start();
                writer.Append(scores.data<float>().ToArray(), [.. Enumerable.Range(batch * Batch, Batch).Select(i => (uint)i)]);
                storing.Stop();
            }
            storing.Start();
            writer.Dispose();
            storing.Stop();
            var share = storing.Elapsed / passes.Elapsed;
            return new Row("store, building", FormattableString.Invariant($"{100 * share:F2} % over the forward passes of CED-Tiny ({storing.Elapsed.TotalMilliseconds:F1} ms for {Batch * Batches} clips)"), "3 %", share <= 0.03);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // Anonymous memory that opening a store and reading each row of it adds; mapped pages of the file belong to the system.
    private static Row Memory()
    {
        double Growth(int clips)
        {
            var folder = Path.Combine(Path.GetTempPath(), $"retort-store-{Environment.ProcessId}");
            try
            {
                var card = new TeacherStoreCard(["bench"], "bench", "bench", "bench", "bench", [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")], clips, Views) { TopK = TopK };
                var (values, ids) = (new Half[TopK], Enumerable.Range(0, TopK).Select(k => (ushort)k).ToArray());
                using (var writer = TeacherStoreWriter.Open(folder, card, [.. Enumerable.Range(0, clips).Select(c => $"clip-{c:D7}")]))
                {
                    for (var row = 0; row < clips * Views; row++)
                    {
                        writer.Append(values, ids, (uint)row);
                    }
                }
                GC.Collect();
                GC.WaitForPendingFinalizers();
                var before = AnonymousMiB();
                using var store = TeacherStore.Open(folder);
                for (var row = 0L; row < store.Rows; row++)
                {
                    store.Read(row, values, ids, out _);
                }
                return AnonymousMiB() - before;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        Growth(Clips / 100);
        var (small, large) = (Growth(Clips / 10), Growth(Clips));
        return new Row("store, memory", FormattableString.Invariant($"{large:F1} MiB for {Clips * Views:N0} views, {small:F1} MiB for {Clips * Views / 10:N0}"), "the same, within 2 MiB", large - small < 2);
    }

    private static double AnonymousMiB() =>
        double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;

    private static IEnumerable<Row> Reading()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"retort-store-{Environment.ProcessId}");
        try
        {
            var card = new TeacherStoreCard(["bench"], "bench", "bench", "bench", "bench", [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")], Clips, Views) { TopK = TopK };
            var values = new Half[TopK];
            var ids = new ushort[TopK];
            for (var k = 0; k < TopK; k++)
            {
                (values[k], ids[k]) = ((Half)(1.0 / (k + 1)), (ushort)k);
            }
            var watch = Stopwatch.StartNew();
            using (var writer = TeacherStoreWriter.Open(folder, card, [.. Enumerable.Range(0, Clips).Select(c => $"clip-{c:D7}")]))
            {
                for (var row = 0; row < Clips * Views; row++)
                {
                    writer.Append(values, ids, (uint)row);
                }
            }
            var written = watch.Elapsed.TotalSeconds;
            using var store = TeacherStore.Open(folder);
            yield return new Row("store, bytes a view", FormattableString.Invariant($"{card.BytesPerView} B a view, {(double)store.BytesOnDisk / store.Rows:F1} with checksums and ids; written at {Clips * Views / written:N0} views/s"), "84 B", card.BytesPerView <= 84);

            var order = new SampleOrder(Clips * Views, 1);
            long sum = 0;
            var before = GC.GetAllocatedBytesForCurrentThread();
            watch.Restart();
            for (var i = 0; i < Clips * Views; i++)
            {
                store.Read(order.At(0, i), values, ids, out var seed);
                sum += seed;
            }
            var rate = Clips * Views / watch.Elapsed.TotalSeconds;
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (sum != (long)Clips * Views * ((long)Clips * Views - 1) / 2)
            {
                throw new InvalidOperationException("the store gave other seeds than were written");
            }
            yield return new Row("store, random reads", FormattableString.Invariant($"{rate:N0} views/s from {store.Rows:N0}, {allocated} bytes allocated"), "1,000,000 views/s", rate >= 1e6);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
