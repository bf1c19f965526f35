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

    /// <summary>All claims, by id. None where there is no file.</summary>
    /// <exception cref="BadInputException">The file is not a list of claims.</exception>
    public IReadOnlyList<Claim> Read()
    {
        if (!File.Exists(Path))
        {
            return [];
        }
        try
        {
            return JsonSerializer.Deserialize<List<Claim>>(File.ReadAllText(Path), Options)
                ?? throw new BadInputException(Path, "", "expected a list of claims, found null");
        }
        catch (JsonException e)
        {
            throw new BadInputException(Path, $"line {e.LineNumber + 1}", $"expected a list of claims: {e.Message}", e);
        }
    }

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

    /// <summary>All claims as a table: verdict, claim, paper's numbers, ours.</summary>
    public Table ToTable()
    {
        var table = new Table("claim", "verdict", "published", "here", "size");
        foreach (var claim in Read())
        {
            table = table.WithRow(claim.Says, claim.VerdictText, claim.Published, claim.Numbers, claim.Size);
        }
        return table;
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
