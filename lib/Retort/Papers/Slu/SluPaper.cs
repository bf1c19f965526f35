// The paper's own experiment, for the user's SLURP download, wav2vec 2.0 weights and GPU. Loop, losses and scores are those of
// the synthetic experiment (ClassIncremental, SluLosses, SluScores); what differs is data, encoder and sizes.

using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>
/// Class-incremental learning of recorded commands with wav2vec 2.0. Everything is kept in a folder: a run that was stopped goes on
/// where it was, one that has ended is read. A task of the published size leaves 0.6 GB of weights.
/// </summary>
public static class SluPaper
{
    /// <summary>The experiment on SLURP as published: real and synthetic recordings unless told otherwise, at most 7 s and 130 characters.</summary>
    /// <param name="text">the folder of the jsonl files</param>
    /// <param name="audio">the folder that holds slurp_real and slurp_synth</param>
    /// <param name="folder">where everything is kept</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="checkpoint">a file of wav2vec 2.0 weights</param>
    /// <param name="slurp">what of SLURP is used; <see cref="SlurpSettings.TrainReal"/> leaves out the synthetic recordings, whose text test and devel share</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <exception cref="BadInputException">Something cannot be used; <see cref="SlurpData.Check"/> lists everything.</exception>
    public static SluSetup Slurp(string text, string audio, string folder, SluPaperSettings? settings = null, string? checkpoint = null, SlurpSettings? slurp = null, Device? device = null)
    {
        SlurpData Open(SlurpPart part) => SlurpData.Open(text, audio, part, slurp);
        return Setup(Open(SlurpPart.Train), Open(SlurpPart.Development), Open(SlurpPart.Test), folder, settings, checkpoint, device: device);
    }

    /// <summary>The experiment on any recorded commands, such as those of the authors' csv files (<see cref="SlurpData.OpenCsv"/>).</summary>
    /// <param name="train">training recordings of all tasks</param>
    /// <param name="validation">what is watched; SLURP's devel</param>
    /// <param name="test">what is reported</param>
    /// <param name="folder">where everything is kept</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="checkpoint">a file of wav2vec 2.0 weights (<see cref="Wav2Vec2Checkpoint"/>), such as wav2vec2-base-960h; null for random ones, with which little is learned</param>
    /// <param name="tokenizer">null trains one on the training targets</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    /// <exception cref="BadInputException">There are no recordings, or a file cannot be used.</exception>
    public static SluSetup Setup(SpokenData train, SpokenData validation, SpokenData test, string folder, SluPaperSettings? settings = null,
        string? checkpoint = null, Tokenizer? tokenizer = null, Device? device = null)
    {
        settings ??= new SluPaperSettings();
        Check(settings);
        if (train.Count == 0)
        {
            throw new BadInputException("training recordings", "", "there are none");
        }
        var on = device ?? CPU;
        var tokens = tokenizer ?? BpeTokenizer.Train(train.Recordings.Select(r => r.Target(settings.Entities)), new BpeSettings { VocabularySize = settings.Vocabulary });
        Wav2Vec2 Encoder(Generator generator)
        {
            var encoder = new Wav2Vec2(settings.Encoder, 0, generator);
            if (checkpoint is not null)
            {
                Wav2Vec2Checkpoint.Load(encoder, checkpoint);
            }
            return encoder;
        }
        var convolutions = Encoder(new Generator(0));
        convolutions.to(on);
        convolutions.eval();
        SpeechDataset Part(SpokenData data, string name) => new(data, tokens, convolutions, settings.Features == SluFeatures.Memory, r => r.Target(settings.Entities), on,
            settings.Features == SluFeatures.Disk ? (Path.Combine(folder, "features", name), StateDict.Hash(convolutions)) : null, settings.LengthMasks);
        var setup = new SluSetup
        {
            Train = Part(train, "train"),
            Validation = Part(validation, "validation"),
            Test = Part(test, "test"),
            Model = seed =>
            {
                var generator = new Generator((ulong)seed);
                var decoder = new TokenDecoder(settings.Decoder with { Vocabulary = tokens.Count }, seed, generator);
                var model = new SpokenLanguageModel(Encoder(generator), decoder, 0, seed) { LengthMasks = settings.LengthMasks };
                model.to(on);
                return model;
            },
            Training = settings.Training,
            Teacher = settings.Teacher,
            Decoding = settings.Test,
            Order = settings.Order,
            Folder = Path.GetFullPath(folder),
        };
        var longest = setup.Train.Tokens.Max(t => t.Length) + 1;
        return longest <= settings.Decoder.MaxLength ? setup
            : throw new ArgumentException($"a target of {longest} tokens is longer than the decoder's {settings.Decoder.MaxLength} positions", nameof(settings));
    }

    /// <summary>Runs arms for each seed, one after the other; what has ended is read.</summary>
    /// <param name="setup">from <see cref="Slurp"/> or <see cref="Setup"/></param>
    /// <param name="arms">null for the paper's tables and the control (<see cref="SluArms.All"/>)</param>
    /// <param name="seeds">null for 1, 2, 3; how many were run is not published</param>
    /// <param name="options">where it is shown and how it is stopped; runs are kept in the set-up's folder unless it says otherwise</param>
    public static AblationReport Run(SluSetup setup, IReadOnlyList<SluArm>? arms = null, IReadOnlyList<long>? seeds = null, ExperimentOptions? options = null) =>
        Experiment.Run(setup.Training, arms ?? SluArms.All, seeds ?? [1, 2, 3], (arm, run) => ClassIncremental.Run(setup, arm, run), SluScores.Measures(setup.Test),
            (options ?? new ExperimentOptions { Threads = 1 }) with { Folder = options?.Folder ?? setup.Folder });

    private static void Check(SluPaperSettings settings)
    {
        if (!settings.Encoder.FreezeConvolutions)
        {
            throw new ArgumentException("the recipe trains no convolutions, as published: their features are given to the model");
        }
        if (settings.Training.Masks is not null && settings.Features == SluFeatures.Anew)
        {
            throw new ArgumentException($"masks are laid on kept features; set {nameof(SluPaperSettings.Features)} to {SluFeatures.Memory} or {SluFeatures.Disk}");
        }
        if (settings.Features != SluFeatures.Anew && (!settings.LengthMasks || settings.Encoder.NormOverPadding))
        {
            throw new ArgumentException("without length masks, or with norms over the padding, features depend on their batch and cannot be kept");
        }
    }
}
