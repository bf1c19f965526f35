using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Models;
using Retort.Papers.Talker;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>SyncNet, Wav2Lip's expert and the distances read from embeddings, against the published networks with weights by formula.</summary>
public sealed class SyncNetTest
{
    [Fact]
    public void SyncNet_Golden_MatchesBothEmbeddings()
    {
        using var file = SafeTensorsFile.Open(Golden("syncnet.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new SyncNet();
        SameKeys(Golden("keys_syncnet.tsv"), model);
        Fill(model);
        foreach (var name in file.Names.Where(n => n.StartsWith("w.net")))
        {
            model.state_dict()[name[2..]].copy_(file.Read(name));
        }
        model.eval();
        Assert.Equal(13_631_616, model.parameters().Sum(p => p.numel()));
        Assert.InRange(Distance(file.Read("out.audio"), model.Audio(file.Read("in.mfcc"))), 0, 1e-4f);
        // Clip b, frame k: the image of variant 5 b + k.
        var lips = stack([.. Enumerable.Range(0, 3).Select(b => stack([.. Enumerable.Range(0, 5).Select(k => 255 * Image(224, 224, (uint)(5 * b + k))[0])], 1))]);
        Assert.InRange(Distance(file.Read("in.lip_first"), lips.narrow(3, 0, 2).narrow(4, 0, 4)), 0, 1e-3f);
        var features = model.LipFeatures(lips);
        var expected = file.Read("out.lip_conv_features");
        Assert.InRange(Distance(expected, features), 0, 1e-4f * Math.Max(1, expected.abs().max().item<float>()));
        var embedding = file.Read("out.lip");
        Assert.InRange(Distance(embedding, model.Lips(lips)), 0, 1e-4f * Math.Max(1, embedding.abs().max().item<float>()));
    }

    [Fact]
    public void VideoSync_AVideoWithWeightsByFormula_IsTheEmbeddingsOfItsWindows()
    {
        var folder = Directory.CreateTempSubdirectory("retort-sync").FullName;
        try
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var network = new SyncNet();
            Fill(network);
            network.eval();
            var weights = Path.Combine(folder, "syncnet_v2.safetensors");
            SafeTensors.Save(weights, network.state_dict());
            float[] sound = [.. Enumerable.Range(0, 9 * 640).Select(i => 0.3f * MathF.Sin(0.05f * i + 1e-5f * i * i))];
            var frames = Enumerable.Range(0, 8).Select(f => new Picture(224, 224, [.. Enumerable.Range(0, 3 * 224 * 224).Select(i => (byte)(i * (f + 3) / 50 % 256))])).ToArray();
            using var judge = VideoSync.Open(weights, CPU);
            // 8 frames and 9 of sound: three places, in batches of two; by hand each alone, in blue, green, red.
            var score = judge.Score(frames, sound, "x.mp4", 2);
            Assert.Equal(3, score.PerFrame.GetLength(0));
            var mfcc = SyncNetMfcc.Of(sound);
            Tensor Lips(int at) => network.Lips(stack([.. Enumerable.Range(at, 5).Select(f => tensor([.. Enumerable.Range(0, 3 * 224 * 224).Select(i => (float)frames[f].Rgb[3 * (i % 50176) + 2 - i / 50176])], [3, 224, 224]))], 1).unsqueeze(0));
            var expected = LipSync.Of(cat([Lips(0), Lips(1), Lips(2)], 0), cat([.. Enumerable.Range(0, 3).Select(i => network.Audio(mfcc.narrow(1, 4 * i, 20).view(1, 1, 13, 20)))], 0));
            for (var s = 0; s < 31; s++)
            {
                Assert.Equal(expected.Distances[s], score.Distances[s], 1e-3 * expected.Distances[s]);
            }
            var video = Path.Combine(folder, "a.mp4");
            VideoFile.Write(video, 224, 224, frames, new Wave(sound, 16000, 1));
            Assert.InRange(judge.Score(video).Distance, 0, double.MaxValue);
            VideoFile.Write(video, 64, 36, Enumerable.Repeat(new Picture(64, 36, new byte[3 * 64 * 36]), 8), new Wave(sound, 16000, 1));
            Assert.Contains("64 x 36", Assert.Throws<BadInputException>(() => judge.Score(video)).Message);
            Assert.Contains("too short", Assert.Throws<BadInputException>(() => judge.Score(frames[..5], sound, "x.mp4", 2)).Message);
            File.WriteAllText(weights, "no weights");
            Assert.Throws<BadInputException>(() => VideoSync.Open(weights, CPU));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Expert_Golden_MatchesEmbeddingsAndCosine()
    {
        using var file = SafeTensorsFile.Open(Golden("syncnet.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new LipSyncExpert();
        SameKeys(Golden("keys_wav2lip_expert.tsv"), model);
        Fill(model);
        Put(file, model, "expert.");
        model.eval();
        Assert.Equal(16_435_072, model.parameters().Sum(p => p.numel()));
        var (audio, face) = model.call(Input("expert.mel", 4, 0, 3, 1, 80, 16), Input("expert.face", 0.5, 0, 3, 15, 48, 96) + 0.5);
        Assert.InRange(Distance(file.Read("out.expert.audio"), audio), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.expert.face"), face), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.expert.cosine"), (audio * face).sum(1)), 0, 1e-4f);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void LipSync_Golden_MatchesDistancesConfidenceAndOffset(string name)
    {
        using var file = SafeTensorsFile.Open(Golden("syncnet.safetensors"));
        using var scope = NewDisposeScope();
        var sync = LipSync.Of(file.Read($"in.{name}.video"), file.Read($"in.{name}.audio"));
        var expected = file.Read($"out.{name}.mean").data<float>().ToArray();
        for (var s = 0; s < 31; s++)
        {
            Assert.Equal(expected[s], sync.Distances[s], 1e-4);
        }
        Assert.Equal(file.Read($"out.{name}.distances")[3, 4].item<float>(), sync.PerFrame[3, 4], 1e-4);
        Assert.Equal(file.Read($"out.{name}.lse_d").item<float>(), sync.Distance, 1e-4);
        Assert.Equal(file.Read($"out.{name}.lse_c").item<float>(), sync.Confidence, 1e-4);
        Assert.Equal(file.Read($"out.{name}.offset").item<long>(), sync.Offset);
    }

    [Fact]
    public void LipSync_SoundThreeFramesLate_OffsetIsThreeAndShapesAreChecked()
    {
        using var scope = NewDisposeScope();
        var video = Input("v", 1, 0, 60, 8);
        var late = cat([zeros(3, 8), video.narrow(0, 0, 57)], 0);
        Assert.Equal(-3, LipSync.Of(video, late).Offset);
        Assert.Equal(0, LipSync.Of(video, video).Offset);
        Assert.Throws<ArgumentException>(() => LipSync.Of(video, late.narrow(0, 0, 4)));
    }
}
