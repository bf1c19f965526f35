using Retort.Layers;
using Retort.Metrics;
using Retort.Randomness;
using Retort.Training;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>
/// A small judge of lip sync on keypoints, in place of SyncNet on pictures: five frames of lips and of sound to 32 numbers of length 1 each,
/// trained on true training clips so that those of one moment are near. LSE-D and LSE-C are read from it by the published rule; their values
/// cannot be compared with the paper's.
/// </summary>
public sealed class MotionSync : nn.Module
{
    private const int Frames = 5, Width = 32;
    private static readonly long[] lipNumbers = [.. new[] { 5, 17, 18, 19, 20 }.SelectMany(k => new long[] { 7 + 3 * k, 8 + 3 * k })];
    private readonly Sequential lips;
    private readonly Sequential sound;

    private MotionSync(int audio, long seed) : base(nameof(MotionSync))
    {
        lips = nn.Sequential(nn.Linear(Frames * lipNumbers.Length, 96), nn.ReLU(), nn.Linear(96, Width));
        sound = nn.Sequential(nn.Linear(Frames * audio, 96), nn.ReLU(), nn.Linear(96, Width));
        RegisterComponents();
        this.OutliveScopes();
        FreshWeights.Fill(this, seed, "motion sync", (name, shape, draw) => shape.Length == 2 ? FreshWeights.Uniform(draw, shape[1]) : null);
    }

    /// <summary>Trains a judge on the training clips' true motion; the seed is fixed, so that all arms meet the same one.</summary>
    public static MotionSync Train(TalkerData data)
    {
        // Its operators are small: a second thread costs more than it gives.
        using var alone = Threads.RunWith(1);
        var model = new MotionSync((int)data.Train.Audio.shape[2], 11);
        const int Places = 24, Clips = 8;
        var (clips, frames) = (data.Train.Clips.Count, data.Train.Motion.shape[1]);
        using var lipNumbersOnly = data.Train.Motion.index_select(2, tensor(lipNumbers));
        TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => [.. Enumerable.Range(0, Clips).Select(i => RandomStream.Of(11, "sync clip", $"{i}", step).Next(clips))],
            Rate = Schedule.Cosine(2e-3, data.Settings.SyncSteps),
            Step = context =>
            {
                var random = context.Random("sync places");
                // Moments of one clip against one another: the judge cannot go by the voice. A moment is five frames of a clip's.
                var places = context.Batch.Select(clip => (Clip: clip, First: Enumerable.Range(0, Places).Select(_ => random.Next((int)frames - Frames + 1)).Distinct().ToArray())).ToArray();
                var rows = tensor(places.SelectMany(p => p.First.SelectMany(f => Enumerable.Range(0, Frames).Select(i => p.Clip * frames + f + i))).ToArray());
                Tensor Moments(Tensor all) => all.flatten(0, 1).index_select(0, rows).view(-1, Frames, all.shape[2]).transpose(1, 2).flatten(1);
                Tensor l = nn.functional.normalize(model.lips.call(Moments(lipNumbersOnly)), dim: 1), s = nn.functional.normalize(model.sound.call(Moments(data.Train.Audio)), dim: 1);
                var (loss, at) = (zeros(1), 0L);
                foreach (var (_, first) in places)
                {
                    loss = loss + nn.functional.cross_entropy(matmul(l.narrow(0, at, first.Length), s.narrow(0, at, first.Length).t()) * 10, arange(first.Length));
                    at += first.Length;
                }
                return loss.sum() / Clips;
            },
        }, new TrainSettings { Seed = 11, Steps = data.Settings.SyncSteps, Adam = new(), Final = FinalWeights.Last, LogEvery = 1000 });
        return model;
    }

    /// <summary>Distances of each row at shifts of up to <paramref name="mostShift"/> frames.</summary>
    /// <param name="motion">(N, F, 70), normalised</param>
    /// <param name="audio">(N, F, A)</param>
    /// <param name="mostShift">15 as published</param>
    public IReadOnlyList<LipSync> Judge(Tensor motion, Tensor audio, int mostShift = 15)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor l = Lips(motion), s = Sound(audio);
        return [.. Enumerable.Range(0, (int)motion.shape[0]).Select(i => LipSync.Of(l[i], s[i], mostShift))];
    }

    private Tensor Lips(Tensor motion) => nn.functional.normalize(lips.call(Stacked(motion.index_select(2, tensor(lipNumbers)))), dim: 2);

    private Tensor Sound(Tensor audio) => nn.functional.normalize(sound.call(Stacked(audio)), dim: 2);

    // (N, F, W) to (N, F - 4, 5 W): each frame and the four after it.
    private static Tensor Stacked(Tensor x) => x.unfold(1, Frames, 1).flatten(2);
}
