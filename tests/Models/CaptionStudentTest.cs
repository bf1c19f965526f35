using System.Text.Json;
using Retort.Audio;
using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against the released student of efficient audio captioning with formula weights, in all its size.</summary>
public sealed class CaptionStudentTest
{
    [Fact]
    public void FrontEnd_Golden_MatchesPerClipAndOverTheBatch()
    {
        using var file = CaptionGolden.Student();
        using var scope = NewDisposeScope();
        var waves = file.Read("in.wav");
        // Near the floor the reference's own rounding shows.
        foreach (var (floor, name) in new[] { (DbFloor.PerClip, "out.logmel_single"), (DbFloor.Batch, "out.logmel_batch") })
        {
            using var front = new MelFrontEnd(new MelSettings { Floor = floor });
            var expected = file.Read(name);
            var heard = expected.gt(expected.max() - 70);
            Assert.InRange((front.call(waves) - expected).abs().masked_fill(heard.logical_not(), 0).max().item<float>(), 0, 1e-3f);
            Assert.InRange(CaptionGolden.Distance(expected, front.call(waves)), 0, 0.5f);
            Assert.InRange(CaptionGolden.Distance(file.Read("out.mel_filterbank"), front.state_dict()["mel_scale.fb"]), 0, 1e-5f);
        }
    }

    [Fact]
    public void Student_Golden_MatchesMapsFramesLogitsLossAndGradients()
    {
        using var file = CaptionGolden.Student();
        using var scope = NewDisposeScope();
        var checkpoint = CaptionCheckpoint.Of(CaptionGolden.Weights());
        Assert.False(checkpoint.PositionsWereMissing);
        Assert.Equal((1024, 768), ((int)checkpoint.Projections!.state_dict()["stdnt_proj.weight"].shape[0], (int)checkpoint.Projections.state_dict()["tchr_proj.weight"].shape[1]));
        var model = checkpoint.Model;
        var encoder = (EfficientNetEncoder)model.Encoder;
        var lengths = file.Read("in.wav_len").data<long>().ToArray();
        // The reference's batch shares its floor; the mel is taken from it, so that the network alone is compared.
        var mel = file.Read("out.logmel_batch").transpose(1, 2);
        var frames = encoder.Frames(lengths)!;
        Assert.Equal(file.Read("out.attn_emb_len").data<long>().ToArray(), frames);
        using (no_grad())
        {
            var maps = new List<Tensor>();
            var last = encoder.Net.Run(mel.transpose(1, 2).unsqueeze(1), map => maps.Add(map.clone().MoveToOuterDisposeScope()));
            // [:, ::4, ::2, ::10]
            Tensor Every(Tensor x, int dimension, int step) => x.index_select(dimension, arange(0, x.shape[dimension], step));
            Assert.InRange(CaptionGolden.Distance(file.Read("out.stem"), Every(Every(Every(maps[0], 1, 4), 2, 2), 3, 10)), 0, 1e-4f);
            for (var i = 1; i <= 5; i++)
            {
                Assert.InRange(CaptionGolden.Distance(file.Read($"out.reduction_{i}_mean"), maps[i].mean([2, 3])), 0, 1e-4f);
            }
            Assert.InRange(CaptionGolden.Distance(file.Read("out.reduction_6_mean"), last.mean([2, 3])), 0, 1e-4f);
        }
        var attention = encoder.FromFeatures(mel, null);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.attn_emb"), attention), 0, 1e-4f);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.fc_emb"), AudioCaptionModel.Pool(attention, frames)), 0, 1e-4f);
        var caption = file.Read("in.cap");
        var captionLengths = file.Read("in.cap_len").data<long>().ToArray();
        var logits = model.Decoder.call(caption.narrow(1, 0, caption.shape[1] - 1), attention, frames);
        var expected = file.Read("out.logit");
        var mask = Retort.Layers.LengthMask.Valid([.. captionLengths.Select(n => n - 1)], caption.shape[1] - 1);
        Assert.InRange((logits - expected).abs().masked_fill(mask.unsqueeze(-1).logical_not(), 0).max().item<float>(), 0, 1e-4f);
        var loss = CaptionDistillation.LabelSmoothing(logits, caption.narrow(1, 1, caption.shape[1] - 1), mask, smoothing: 0);
        Assert.Equal(file.Read("out.ce").item<float>(), loss.item<float>(), 1e-4f);
        loss.backward();
        var norms = JsonDocument.Parse(file.Metadata["config"]).RootElement.GetProperty("grad_norms");
        var compared = 0;
        foreach (var (name, parameter) in model.named_parameters())
        {
            var key = "model.model." + name;
            if (!norms.TryGetProperty(key, out var norm))
            {
                continue;
            }
            compared++;
            var own = parameter.grad!.norm().item<float>();
            Assert.True(Math.Abs(own - norm.GetDouble()) <= 1e-3 * norm.GetDouble() + 1e-6, $"{name}: norm {own}, reference {norm.GetDouble()}");
            if (file.Names.Contains("grad." + key))
            {
                var slice = file.Read("grad." + key);
                Assert.InRange(CaptionGolden.Distance(slice, parameter.grad!.reshape(-1).narrow(0, 0, slice.numel())) / slice.abs().max().item<float>(), 0, 1e-3f);
            }
        }
        Assert.True(compared > 250, $"only {compared} gradients were compared");
    }

    [Fact]
    public void Fold_OutputsStay()
    {
        using var file = CaptionGolden.Student();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var encoder = (EfficientNetEncoder)CaptionCheckpoint.Of(CaptionGolden.Weights()).Model.Encoder;
        var mel = file.Read("out.logmel_batch").transpose(1, 2);
        encoder.Net.Fold();
        Assert.InRange(CaptionGolden.Distance(file.Read("out.attn_emb"), encoder.FromFeatures(mel, null)), 0, 1e-4f);
    }

    [Fact]
    public void Student_SizesKeysAndLengths_AreThePublishedOnes()
    {
        using var scope = NewDisposeScope();
        using var model = AudioCaptionModel.Student(4981);
        using var heads = new EmbeddingProjections(1408, 768);
        var published = CaptionCheckpoint.Published(model, heads);
        var keys = File.ReadAllLines(CaptionGolden.File("caption_student_keys.tsv")).Select(line => line.Split('\t')).ToArray();
        Assert.Equal(556, keys.Length);
        Assert.Equal(keys.Select(k => k[0]).Order(StringComparer.Ordinal), published.Keys.Order(StringComparer.Ordinal));
        Assert.All(keys, k => Assert.Equal(k[1], string.Join(",", published[k[0]].shape)));
        // The table of positions is counted as published; it is not trained.
        Assert.Equal(11_469_250, model.parameters().Sum(p => p.numel()) + 25_600);
        Assert.Equal(13_699_523, model.parameters().Sum(p => p.numel()) + 25_600 + heads.parameters().Sum(p => p.numel()));
        Assert.Equal(7_700_418, model.Encoder.parameters().Sum(p => p.numel()));
        var encoder = (EfficientNetEncoder)model.Encoder;
        Assert.Equal(31, encoder.Frames(160_000));
        using var noGrad = no_grad();
        model.eval();
        foreach (var (columns, frames) in new[] { (1001, 32), (501, 16), (101, 4) })
        {
            Assert.Equal(frames, encoder.FromFeatures(zeros(1, columns, 64), null).shape[1]);
        }
    }

    [Fact]
    public void FromFeatures_ManyLongClips_AreHeardAFewAtATimeWithTheSameFrames()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var encoder = new EfficientNetEncoder(new EfficientNetEncoderSettings { Net = new EfficientNetSettings { Stem = 8, Head = 16, Stages = [new(1, 8, 3, 2, 1), new(1, 8, 5, 2, 2)] } }, seed: 1);
        encoder.eval();
        var mels = tensor(Enumerable.Range(0, 5 * 1001 * 64).Select(i => (float)(-40 + 20 * Math.Sin(0.37 * i))).ToArray(), [5, 1001, 64]);
        var together = encoder.FromFeatures(mels, null);
        for (var i = 0; i < 5; i++)
        {
            Assert.InRange(CaptionGolden.Distance(encoder.FromFeatures(mels.narrow(0, i, 1), null), together.narrow(0, i, 1)), 0, 1e-4f);
        }
        // One clip, however long, is heard at once.
        Assert.Equal(1, encoder.FromFeatures(zeros(1, 9000, 64), null).shape[0]);
    }

    [Fact]
    public void MultiplyAdds_TenSeconds_AreThoseCountedOfTheReleasedCode()
    {
        using var model = AudioCaptionModel.Student(4981);
        // 0.839 G of the encoder; decoding 20 words with three beams 3.15 G as released, 0.21 G with kept keys and values.
        Assert.Equal(0.839, ((EfficientNetEncoder)model.Encoder).Net.MultiplyAdds(64, 1001) / 1e9, 0.001);
        Assert.Equal(3.15, model.Decoder.MultiplyAdds(32, 20, 3, cached: false) / 1e9, 0.05);
        Assert.Equal(0.21, model.Decoder.MultiplyAdds(32, 20, 3, cached: true) / 1e9, 0.005);
    }

    [Fact]
    public void Positions_Upstream_AreSmallNoiseAndSinusoidsAreSines()
    {
        using var noise = new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = 9, Positions = CaptionPositions.Upstream });
        using var sines = new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = 9 });
        Assert.InRange(noise.state_dict()["pos_encoder.pe"].abs().max().item<float>(), 0.0150f, 0.0152332f);
        Assert.Equal(Math.Sin(1), sines.state_dict()["pos_encoder.pe"][1, 0, 0].item<float>(), 1e-6);
        Assert.DoesNotContain(noise.named_parameters(), p => p.name.Contains("pe"));
    }

    [Fact]
    public void Open_TrainingCheckpointWithoutPositions_SaysSo()
    {
        using var scope = NewDisposeScope();
        var weights = CaptionGolden.Weights(vocabulary: 29);
        // As the released code's training saves it.
        var training = weights.Where(w => !w.Key.EndsWith("pos_encoder.pe") && !w.Key.EndsWith("classifier.weight")).ToDictionary(w => w.Key["model.".Length..], w => w.Value);
        var checkpoint = CaptionCheckpoint.Of(training);
        Assert.True(checkpoint.PositionsWereMissing);
        // The released code draws them anew when it loads such a file: noise within 0.01524, not sines.
        Assert.InRange(checkpoint.Model.Decoder.state_dict()["pos_encoder.pe"].abs().max().item<float>(), 0.0150f, 0.0152332f);
        Assert.Equal(29, checkpoint.Model.Decoder.Vocabulary);
        Assert.NotNull(checkpoint.Projections);
    }

    [Fact]
    public void Open_MissingMisshapenForeignOrUntiedWeight_IsNamed()
    {
        using var scope = NewDisposeScope();
        var weights = CaptionGolden.Weights(vocabulary: 29);
        string Error(Action<Dictionary<string, Tensor>> damage)
        {
            var copy = new Dictionary<string, Tensor>(weights);
            damage(copy);
            return Assert.Throws<BadInputException>(() => CaptionCheckpoint.Of(copy, "student.bin")).Message;
        }
        Assert.Contains("decoder.attn_proj.3.bias", Error(w => w.Remove("model.model.decoder.attn_proj.3.bias")));
        Assert.Contains("_bn1.running_var", Error(w => w["model.model.encoder.backbone.eff_net._bn1.running_var"] = zeros(7)));
        Assert.Contains("student.bin", Error(w => w["model.model.decoder.other"] = zeros(7)));
        Assert.Contains("classifier", Error(w => w["model.model.decoder.classifier.weight"] = zeros(29, 256)));
        Assert.Contains("word_embedding", Error(w => w.Remove("model.model.decoder.word_embedding.weight")));
    }

    [Fact]
    public void Save_SmallModel_OpensAgainWithItsSizesAndWeights()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var encoder = new EfficientNetEncoderSettings
        {
            Mel = new MelSettings { Mels = 32, Hop = 320 },
            Net = new EfficientNetSettings { Stem = 8, Stages = [new(1, 8, 3, 1, 1), new(1, 16, 3, 2, 4)], Head = 24, NominalSide = 260 },
            FrameCount = FrameCount.Rounded,
        };
        using var model = new AudioCaptionModel(new EfficientNetEncoder(encoder, seed: 3),
            new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = 11, Width = 16, FrameWidth = 24, Heads = 2, Hidden = 32 }, seed: 3));
        using var file = new TemporaryFile(name: "model.safetensors");
        CaptionCheckpoint.Save(model, file.Name);
        var opened = CaptionCheckpoint.Open(file.Name).Model;
        model.eval();
        var waves = tensor(Enumerable.Range(0, 16000).Select(i => (float)Math.Sin(0.05 * i)).ToArray(), [1, 16000]);
        var tokens = tensor(new long[] { 1, 5, 4, 2 }, [1, 4]);
        Assert.Equal(0, CaptionGolden.Distance(model.call(waves, [16000], tokens), opened.call(waves, [16000], tokens)));
        // 51 columns, halved twice, each time with one row of padding behind: 25 and 12.
        Assert.Equal(12, opened.Encoder.Frames(16000));
    }

    [Fact]
    public void Encoder_ClipUnderAFrame_SaysHowLongItMustBe()
    {
        using var scope = NewDisposeScope();
        using var model = AudioCaptionModel.Student(9);
        model.eval();
        var error = Assert.Throws<ArgumentException>(() => model.Encode(zeros(1, 16000), [4000]));
        Assert.Contains("0.32 s", error.Message);
    }

    [Fact]
    public void Training_SameGeneratorSeed_SameBits()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var generator = new Generator(5);
        using var net = new EfficientNet(new EfficientNetSettings { Stem = 4, Stages = [new(1, 4, 3, 1, 1), new(3, 8, 3, 2, 2)], Head = 8, DropConnect = 0.9 }, 3, generator);
        net.train();
        var image = tensor(Enumerable.Range(0, 8 * 16 * 16).Select(i => (float)Math.Sin(i)).ToArray(), [8, 1, 16, 16]);
        generator.manual_seed(7);
        var first = net.call(image);
        var second = net.call(image);
        generator.manual_seed(7);
        Assert.Equal(0, CaptionGolden.Distance(first, net.call(image)));
        Assert.NotEqual(0, CaptionGolden.Distance(first, second));
    }

    [Fact]
    public void Decoder_TrainedByFusedLayers_HasValuesAndGradientsOfPlainOnes()
    {
        using var scope = NewDisposeScope();
        using var decoder = new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = 90, FrameWidth = 24, Width = 32, Heads = 2, Hidden = 48, Dropout = 0 });
        var draw = new Generator(3);
        var (tokens, frames) = (randint(3, 90, [8, 7], generator: draw), randn([8, 5, 24], generator: draw));
        (Tensor Logits, Dictionary<string, Tensor> Gradients) Trained()
        {
            decoder.zero_grad();
            var logits = decoder.call(tokens, frames, [5, 3, 5, 5, 2, 5, 4, 5]);
            logits.square().mean().backward();
            return (logits.detach(), decoder.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad!.clone()));
        }
        var fused = Trained();
        using var off = Fused.Off();
        var plain = Trained();
        void Near(Tensor expected, Tensor found, string what) =>
            Assert.True((expected - found).abs().max().item<float>() <= 1e-5f * expected.abs().max().item<float>() + 1e-9f, what);
        Near(plain.Logits, fused.Logits, "logits");
        Assert.All(plain.Gradients, g => Near(g.Value, fused.Gradients[g.Key], g.Key));
    }
}
