using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Papers.Slu;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Slu;

/// <summary>The arms' losses on a batch against their formulas, row by row in plain numbers, and what each of them sees.</summary>
public sealed class SluLossesTest : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly SluSetup setup = SpokenNoise.Setup();
    private readonly SpokenLanguageModel model, old;
    private readonly SluBatch batch;

    public SluLossesTest()
    {
        (model, old) = (setup.Model(1), setup.Model(2));
        model.eval();
        old.eval();
        batch = ClassIncremental.Batch(setup, old, [12, 13, 14, 15, 16], [0, 3, 7], new());
    }

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Batch_CurrentAndReplayedRows_AreTold()
    {
        Assert.Equal((8, 3, 5), (batch.Rows, batch.ReplayedRows, batch.CurrentRows));
        var pass = batch.Forward(model);
        Assert.Equal([3, pass.EncoderOutput.shape[1], 16], batch.Replayed(pass).EncoderOutput.shape);
        Assert.Equal(batch.Frames![5..], batch.Replayed(pass).Frames);
        Assert.Equal(batch.Frames[..5], batch.Current(pass).Frames);
    }

    [Fact]
    public void Old_SeesTheSameMaskedFeatures_AndHasNoGraph()
    {
        var pass = batch.Old;

        // The frames that are masked in the batch: with clean features the encoder's output would be another.
        var same = old.Encoder.FromFeatures(batch.Features.narrow(0, 5, 3), batch.Frames![5..]);
        Assert.Equal(0, (same - pass.EncoderOutput).abs().max().item<float>());
        var (clean, _) = setup.Train.Features([0, 3, 7]);
        var unmasked = old.Encoder.FromFeatures(clean.narrow(1, 0, Math.Min(clean.shape[1], batch.Features.shape[1])), batch.Frames[5..]);
        Assert.NotEqual(0, (unmasked.narrow(1, 0, 4) - pass.EncoderOutput.narrow(1, 0, 4)).abs().max().item<float>());
        Assert.False(pass.EncoderOutput.requires_grad);
        Assert.False(pass.Logits.requires_grad);
    }

    [Fact]
    public void CrossEntropy_IsTheMeanOverTokensThatCount()
    {
        var pass = batch.Forward(model);

        Assert.Equal(ByHand(pass.Logits, batch.Gold), SluLosses.CrossEntropy(model, batch).item<float>(), 1e-4);
    }

    [Fact]
    public void Audio_IsTheMeanSquareOverValidFramesOfReplayedRows()
    {
        var pass = batch.Forward(model);
        var (student, teacher) = (batch.Replayed(pass).EncoderOutput, batch.Old.EncoderOutput);
        double sum = 0, count = 0;
        for (var n = 0; n < 3; n++)
        {
            for (var t = 0; t < batch.Frames![5 + n]; t++)
            {
                for (var d = 0; d < 16; d++)
                {
                    sum += Math.Pow(student[n, t, d].item<float>() - teacher[n, t, d].item<float>(), 2);
                    count++;
                }
            }
        }

        Assert.Equal(sum / count, SluLosses.Audio(pass, batch).item<float>(), 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Token_IsTheCrossEntropyOfDistributionsAlongTheGoldString(double temperature)
    {
        var pass = batch.Forward(model);
        var student = batch.Replayed(pass);
        var p = nn.functional.softmax(batch.Old.Logits / temperature, -1);
        var logQ = nn.functional.log_softmax(student.Logits / temperature, -1);
        double sum = 0, count = 0;
        for (var n = 0; n < 3; n++)
        {
            for (var j = 0; j <= setup.Train.Tokens[new[] { 0, 3, 7 }[n]].Length; j++)
            {
                sum -= (p[n, j] * logQ[n, j]).sum().item<float>();
                count++;
            }
        }

        Assert.Equal(temperature * temperature * sum / count, SluLosses.Token(pass, batch, temperature).item<float>(), 1e-3);
    }

    [Fact]
    public void Sequence_IsTheCrossEntropyWithWhatTheOldModelDecodes_AndGoldWithGold()
    {
        var pass = batch.Forward(model);
        var replayed = batch.Replayed(pass);
        var decoded = batch.Decoded;
        var said = SpeechDecoding.Decode(old, setup.Train, [0, 3, 7], setup.Symbols(setup.Teacher));

        Assert.Equal(said.Select(s => s.Text), Enumerable.Range(0, 3).Select(n => setup.Train.Tokenizer.Decode([.. Row(decoded, n)])));
        Assert.Equal(ByHand(replayed.LogitsOf(decoded), decoded), SluLosses.Sequence(pass, batch).item<float>(), 1e-4);
        Assert.Equal(ByHand(replayed.Logits, replayed.Gold), SluLosses.Gold(pass, batch).item<float>(), 1e-4);
        Assert.NotEqual(SluLosses.Gold(pass, batch).item<float>(), SluLosses.Sequence(pass, batch).item<float>());
    }

    [Fact]
    public void NBest_IsTheMeanOverTheBeamByItsProbability()
    {
        var pass = batch.Forward(model);
        var beam = batch.NBest;
        var rows = beam.Row.data<long>().ToArray();
        var logits = batch.Replayed(pass).LogitsOf(beam);
        double loss = 0;
        for (var k = 0; k < rows.Length; k++)
        {
            var one = beam.Strings.Rows(tensor(new[] { (long)k }));
            loss += beam.Weight[k].item<float>() * ByHand(logits.narrow(0, k, 1), one) / 3;
        }

        Assert.Equal(3, beam.Weight.sum().item<float>(), 1e-5);
        Assert.Equal(loss, SluLosses.NBest(pass, batch).item<float>(), 1e-4);
    }

    [Fact]
    public void With_WeighsTermsBySquareRootOfTheReplayedShare()
    {
        var pass = batch.Forward(model);
        var alpha = Math.Sqrt(3 / 8.0);
        var expected = (1 - alpha) * SluLosses.CrossEntropy(pass).item<float>() + alpha * (SluLosses.Audio(pass, batch).item<float>() + SluLosses.Sequence(pass, batch).item<float>());

        Assert.Equal(expected, SluLosses.With(model, batch, SluLosses.Audio, SluLosses.Sequence).item<float>(), 1e-4);
        Assert.Equal(SluLosses.Gold(pass, batch).item<float>(), SluLosses.With(model, batch, 1, SluLosses.Gold).item<float>(), 1e-5);
    }

    [Fact]
    public void DecodedOtherThanGold_IsGoldNowhereTheBeamHoldsAnother()
    {
        var other = batch.DecodedOtherThanGold;

        Assert.All([0, 1, 2], n => Assert.NotEqual(setup.Train.Tokens[new[] { 0, 3, 7 }[n]], Row(other, n)));
    }

    [Fact]
    public void CurrentRows_AreDecodedByTheOldModelToo()
    {
        var said = SpeechDecoding.Decode(old, setup.Train, [12, 13, 14, 15, 16], setup.Symbols(setup.Teacher));

        Assert.Equal(said.Select(s => s.Text), Enumerable.Range(0, 5).Select(n => setup.Train.Tokenizer.Decode([.. Row(batch.DecodedOfCurrent, n)])));
    }

    [Fact]
    public void Arms_EachSeesWhatItsNameSays()
    {
        var pass = batch.Forward(model);
        float Loss(string name) => SluArms.Main.Concat(SluArms.Combinations).Append(SluArms.Gold).Single(a => a.Name == name).Loss(model, batch).item<float>();
        float Term(Func<SluForward, SluBatch, Tensor> term) => term(pass, batch).item<float>();
        var (ce, alpha) = (SluLosses.CrossEntropy(pass).item<float>(), (float)SequenceDistillation.AdaptiveWeight(3, 8));
        var (audio, tok, seq, gold) = (Term(SluLosses.Audio), Term(SluLosses.Token), Term(SluLosses.Sequence), Term(SluLosses.Gold));

        Assert.Equal(ce, Loss("fine-tuning"), 1e-4f);
        Assert.Equal(ce, Loss("rehearsal 1 % iCaRL"), 1e-4f);
        foreach (var (name, terms) in new[] { ("audio-KD", audio), ("tok-KD", tok), ("seq-KD", seq), ("gold replay", gold), ("audio + tok", audio + tok), ("audio + seq", audio + seq), ("seq + tok", seq + tok), ("audio + seq + tok", audio + seq + tok) })
        {
            Assert.Equal((1 - alpha) * ce + alpha * terms, Loss(name), 1e-3f);
        }
    }

    private int[] Row(TokenRows rows, int n)
    {
        var count = (int)rows.Mask[n].sum().item<float>() - 1;
        return [.. rows.Outputs[n].data<long>().ToArray().Take(count).Select(t => (int)t)];
    }

    private static double ByHand(Tensor logits, TokenRows strings)
    {
        var logP = nn.functional.log_softmax(logits, -1);
        double sum = 0, count = 0;
        for (var b = 0; b < strings.Outputs.shape[0]; b++)
        {
            for (var j = 0; j < strings.Outputs.shape[1]; j++)
            {
                if (strings.Mask[b, j].item<float>() == 1)
                {
                    sum -= logP[b, j, strings.Outputs[b, j].item<long>()].item<float>();
                    count++;
                }
            }
        }
        return sum / count;
    }
}
