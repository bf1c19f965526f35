using Retort.Plots;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retort.Claims;

/// <summary>
/// The claims of all notebooks in one JSON file, claims.json in a folder of results. Several processes may write to it:
/// each takes a lock, reads, replaces its claim and renames a synced file into place.
/// </summary>
public sealed class ClaimFile
{
    private static readonly JsonSerializerOptions Options = new(Json.Indented)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <param name="folder">where claims.json is; null for the folder that RETORT_RESULTS names, or else "results" below the current one</param>
    public ClaimFile(string? folder = null)
    {
        folder ??= Environment.GetEnvironmentVariable("RETORT_RESULTS") is { Length: > 0 } named ? named : "results";
        Path = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, "claims.json"));
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file of facts beside it.</summary>
    public string FactsPath => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, "facts.json");

    /// <summary>All claims, by id. None where there is no file.</summary>
    /// <exception cref="BadInputException">The file is not a list of claims.</exception>
    public IReadOnlyList<Claim> Read() => Read<Claim>(Path, "claims");

    /// <summary>Adds the claim, or replaces the one of the same id, and returns it to be shown.</summary>
    /// <exception cref="BadInputException">The file that is there is damaged, or another process held it for a minute.</exception>
    public Claim Put(Claim claim)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using (Lock())
        {
            var claims = Read().Where(c => c.Id != claim.Id).Append(claim).OrderBy(c => c.Id, StringComparer.Ordinal);
            AtomicFile.WriteText(Path, JsonSerializer.Serialize(claims, Options) + "\n");
        }
        return claim;
    }

    /// <summary>
    /// Puts a paper's claims and facts in place of all of its that are there: a claim that a notebook no longer makes is gone.
    /// Facts stand in a file of their own, facts.json.
    /// </summary>
    /// <exception cref="BadInputException">A file that is there is damaged, or another process held it for a minute.</exception>
    public void Replace(string paper, IReadOnlyList<Claim> claims, IReadOnlyList<Fact> facts)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using (Lock())
        {
            var all = Read().Where(c => c.Paper != paper).Concat(claims).OrderBy(c => c.Paper, StringComparer.Ordinal).ToArray();
            Fact[] counted = [.. ReadFacts().Where(f => f.Paper != paper), .. facts];
            AtomicFile.WriteText(Path, JsonSerializer.Serialize(all, Options) + "\n");
            if (counted.Length > 0 || File.Exists(FactsPath))
            {
                AtomicFile.WriteText(FactsPath, JsonSerializer.Serialize(counted.OrderBy(f => f.Id, StringComparer.Ordinal), Options) + "\n");
            }
        }
    }

    /// <summary>All facts, by id. None where there is no file.</summary>
    /// <exception cref="BadInputException">The file is not a list of facts.</exception>
    public IReadOnlyList<Fact> ReadFacts() => Read<Fact>(FactsPath, "facts");

    private static IReadOnlyList<T> Read<T>(string path, string what)
    {
        if (!File.Exists(path))
        {
            return [];
        }
        try
        {
            return JsonSerializer.Deserialize<List<T>>(File.ReadAllText(path), Options)
                ?? throw new BadInputException(path, "", $"expected a list of {what}, found null");
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, $"line {e.LineNumber + 1}", $"expected a list of {what}: {e.Message}", e);
        }
    }

    private FileStream Lock()
    {
        for (var waited = 0; ; waited += 20)
        {
            try
            {
                return new FileStream(Path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited < 60_000)
            {
                Thread.Sleep(20);
            }
            catch (IOException e)
            {
                throw new BadInputException(Path + ".lock", "", "another process has held it for a minute", e);
            }
        }
    }
}
