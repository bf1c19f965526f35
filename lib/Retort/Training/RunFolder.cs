using System.Text.Json;

namespace Retort.Training;

/// <summary>
/// The folder of one run: settings.json, metrics.csv, checkpoints/, best/, model.safetensors, result.json. Each file is whole or absent. One
/// process at a time: a second one that opens the folder is refused, and a killed one frees it.
/// </summary>
public sealed class RunFolder : IDisposable
{
    internal const string ModelName = "model.safetensors";
    internal const string MetricsName = "metrics.csv";
    private readonly FileStream hold;

    /// <summary>Opens the folder, made if absent, and removes what a killed writer left.</summary>
    /// <param name="path">the folder</param>
    /// <exception cref="BadInputException">Another process works in it, or it cannot be written.</exception>
    public RunFolder(string path)
    {
        FullPath = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(FullPath);
            hold = new FileStream(Path.Combine(FullPath, ".in-use"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (Durable.IsHeld(e))
        {
            throw new BadInputException(FullPath, "", "another process or another run of this process works in this folder", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(FullPath, "", $"the run's folder cannot be written: {e.Message}", e);
        }
        foreach (var folder in new[] { FullPath, Checkpoints, Best })
        {
            Durable.RemoveUnfinished(folder);
        }
    }

    /// <summary>The folder's full path.</summary>
    public string FullPath { get; }

    /// <summary>The settings the run was started with, as JSON.</summary>
    public string SettingsFile => Path.Combine(FullPath, "settings.json");

    /// <summary>Everything measured, one row a logged step (<see cref="MetricsLog"/>).</summary>
    public string MetricsFile => Path.Combine(FullPath, MetricsName);

    /// <summary>The folder of the checkpoints.</summary>
    public string Checkpoints => Path.Combine(FullPath, "checkpoints");

    /// <summary>The folder of the best evaluations' weights.</summary>
    public string Best => Path.Combine(FullPath, "best");

    /// <summary>The final weights, a state_dict as safetensors.</summary>
    public string ModelFile => Path.Combine(FullPath, ModelName);

    /// <summary>The run's outcome. It exists when and only when the run has ended.</summary>
    public string ResultFile => Path.Combine(FullPath, "result.json");

    /// <summary>Writes the settings, or checks that the folder was started with the same ones.</summary>
    /// <param name="settings">a record; members that are functions must be marked as not serialised</param>
    /// <exception cref="BadInputException">The folder holds a run with other settings; the first difference is named.</exception>
    public void KeepSettings(object settings)
    {
        var text = SettingsJson.Write(settings, SettingsJson.Indented);
        if (!File.Exists(SettingsFile))
        {
            Durable.WriteText(SettingsFile, text);
            return;
        }
        string? difference;
        try
        {
            difference = SettingsJson.Difference(File.ReadAllText(SettingsFile), text);
        }
        catch (JsonException e)
        {
            throw new BadInputException(SettingsFile, $"line {e.LineNumber + 1}", "is not the JSON that was written here", e);
        }
        if (difference is not null)
        {
            throw new BadInputException(SettingsFile, "", $"the run in this folder has other settings: {difference}; use another folder, or remove this one");
        }
    }

    /// <summary>Whether the run has ended.</summary>
    public bool HasResult => File.Exists(ResultFile);

    /// <summary>Writes the outcome, whole.</summary>
    public void WriteResult(object result) => Durable.WriteText(ResultFile, SettingsJson.Write(result, SettingsJson.Indented));

    /// <summary>Reads the outcome.</summary>
    /// <exception cref="BadInputException">There is none, or it is not of this type.</exception>
    public T ReadResult<T>()
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(ResultFile), SettingsJson.Line)
                ?? throw new BadInputException(ResultFile, "", $"is null; expected a {typeof(T).Name}");
        }
        catch (Exception e) when (e is IOException or JsonException or NotSupportedException)
        {
            throw new BadInputException(ResultFile, "", $"cannot be read as {typeof(T).Name}: {e.Message}", e);
        }
    }

    /// <summary>Lets another process open the folder.</summary>
    public void Dispose() => hold.Dispose();
}
