using System.Reflection;
using System.Runtime.InteropServices;
using Retort.Data;
using Retort.Plots;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Recipes;

/// <summary>What a run ran on: printed by the first cell of every notebook.</summary>
public static class RunFacts
{
    /// <summary>Size, seeds and the other settings, library, tensor engine and machine.</summary>
    /// <param name="size">the size that was asked for</param>
    /// <param name="settings">the experiment, if one follows</param>
    public static Table Table(string size, CedSettings? settings = null)
    {
        var table = new Table("fact", "value").WithRow("size", size);
        if (settings is not null)
        {
            table = table.WithRow("arms x seeds", $"{settings.Arms.Count} x {settings.Seeds.Count} (seeds {string.Join(", ", settings.Seeds)})")
                .WithRow("clips", $"teachers {settings.TeacherClips}, students {settings.StudentClips}, validation {settings.ValidationClips}, test {settings.TestClips}; {settings.World.Seconds} s each")
                .WithRow("teachers", $"{settings.Teachers}, width {settings.Teacher.Width}, {settings.Teacher.Depth} blocks, {settings.TeacherTraining.Steps} steps")
                .WithRow("students", $"width {settings.Student.Width}, {settings.Student.Depth} blocks, {settings.StudentTraining.Steps} steps of {settings.StudentTraining.Batch}, rate {settings.StudentTraining.LearningRate}")
                .WithRow("stored", $"{settings.StoredViews} views of each clip, top {settings.TopK}");
        }
        return Machine(table);
    }

    /// <summary>Size, seeds and the other settings of the class-incremental experiment, library, tensor engine and machine.</summary>
    /// <param name="size">the size that was asked for</param>
    /// <param name="settings">the experiment</param>
    public static Table Table(string size, SluSettings settings)
    {
        var training = settings.Training;
        return Machine(new Table("fact", "value").WithRow("size", size)
            .WithRow("splits x arms x seeds", $"{settings.Splits.Count} x {settings.Arms.Count} x {settings.Seeds.Count} ({string.Join("; ", settings.Splits.Select(s => s.Name))}; seeds {string.Join(", ", settings.Seeds)})")
            .WithRow("utterances", $"training {settings.Speech.TrainUtterances}, validation {settings.Speech.ValidationUtterances}, test {settings.Speech.TestUtterances}; encoder {settings.Speech.GenericUtterances}")
            .WithRow("noise and room", $"{settings.Speech.Snr.Lowest} to {settings.Speech.Snr.Highest} dB SNR, {settings.Speech.Reflections} reflections")
            .WithRow("encoder", $"width {settings.Encoder.Width}, {settings.Encoder.Depth} layers; {settings.Pretraining.Steps} steps of CTC")
            .WithRow("decoder", $"width {settings.Decoder.Width}, {settings.Decoder.Depth} layers; at most {settings.Vocabulary} tokens")
            .WithRow("epochs", $"first task {training.FirstEpochs}, later {string.Join(", ", training.LaterEpochs)}, offline {training.OfflineEpochs}; batches of {training.Batch}, rate {training.LearningRate}, later {training.LaterLearningRate}")
            .WithRow("memory", FormattableString.Invariant($"{100 * settings.SmallMemory:G3} % and {100 * settings.LargeMemory:G3} % of the training utterances"))
            .WithRow("beams", $"{settings.Teacher.Beams} for pseudo-targets, {settings.Test.Beams} for the test"));
    }

    private static Table Machine(Table table) => table
        .WithRow("Retort", Version(typeof(RunFacts).Assembly))
        .WithRow("tensor engine", $"{typeof(Tensor).Assembly.GetName().Name}, {LibTorch.Version}{(cuda.is_available() ? $", {cuda.device_count()} CUDA devices" : ", CPU")}")
        .WithRow("bfloat16 on this processor", Autocast.CpuHasBFloat16 ? "yes" : "no")
        .WithRow("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}")
        .WithRow("cores", Environment.ProcessorCount);

    private static string Version(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "";
}
