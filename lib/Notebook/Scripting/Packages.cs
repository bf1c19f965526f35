using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Retort.Notebook;

/// <summary>
/// Packages that cells ask for, restored by the SDK on this machine with the feeds that are configured for it: a project is
/// written into the cache and built for this machine's runtime, so that managed and native libraries lie in one folder.
/// </summary>
internal sealed class Packages
{
    private readonly List<(string Name, string? Version)> _asked = [];
    private readonly List<string> _sources = [];
    private readonly HashSet<string> _loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Restores more packages beside those of earlier cells.</summary>
    /// <param name="packages">Names and versions; without a version the newest is taken.</param>
    /// <param name="sources">Feeds beside the configured ones.</param>
    /// <param name="folder">The notebook's folder, to which sources that are folders are relative.</param>
    /// <param name="interrupt">Ends the restore.</param>
    /// <returns>Paths of libraries that are new to this session, what was installed in words, and what went wrong or null.</returns>
    public async Task<(IReadOnlyList<string> Libraries, string Installed, string? Problem)> RestoreAsync(
        IReadOnlyList<(string Name, string? Version)> packages, IReadOnlyList<string> sources, string folder, CancellationToken interrupt)
    {
        foreach (var source in sources)
        {
            _sources.Add(source.Contains("://", StringComparison.Ordinal) ? source : Path.GetFullPath(Path.Combine(folder, source)));
        }
        var wanted = _asked.Where(old => packages.All(item => !item.Name.Equals(old.Name, StringComparison.OrdinalIgnoreCase))).Concat(packages).ToList();
        var project = Project(wanted);
        var place = Path.Combine(ReportAssets.Cache, "packages", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)).AsSpan(0, 8)));
        Directory.CreateDirectory(place);
        var file = Path.Combine(place, "cell.csproj");
        await File.WriteAllTextAsync(file, project, interrupt).ConfigureAwait(false);
        var (code, said) = await BuildAsync(file, interrupt).ConfigureAwait(false);
        if (code != 0)
        {
            var errors = said.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)).Select(line => line.Trim().Replace(file + " : ", "", StringComparison.Ordinal)).Distinct().ToList();
            return ([], "", $"the packages could not be restored: {(errors.Count > 0 ? string.Join('\n', errors) : said.Trim())}");
        }
        _asked.Clear();
        _asked.AddRange(wanted);
        var output = Path.Combine(place, "out");
        var libraries = Directory.EnumerateFiles(output, "*.dll").Where(path => Path.GetFileName(path) != "cell.dll" && IsManaged(path) && _loaded.Add(Path.GetFileName(path)))
            .Order(StringComparer.Ordinal).ToList();
        return (libraries, string.Join('\n', packages.Select(item => $"{item.Name} {Resolved(place, item.Name) ?? item.Version}")), null);
    }

    private string Project(IEnumerable<(string Name, string? Version)> packages) => new XElement(
        "Project",
        new XAttribute("Sdk", "Microsoft.NET.Sdk"),
        new XElement(
            "PropertyGroup",
            new XElement("TargetFramework", $"net{Environment.Version.Major}.{Environment.Version.Minor}"),
            new XElement("RuntimeIdentifier", RuntimeInformation.RuntimeIdentifier),
            new XElement("SelfContained", "false"),
            new XElement("CopyLocalLockFileAssemblies", "true"),
            new XElement("EnableDefaultItems", "false"),
            new XElement("ManagePackageVersionsCentrally", "false"),
            new XElement("NuGetAudit", "false"),
            new XElement("RestoreAdditionalProjectSources", string.Join(';', _sources))),
        new XElement("ItemGroup", packages.Select(item => new XElement("PackageReference", new XAttribute("Include", item.Name), new XAttribute("Version", item.Version ?? "*"))))).ToString();

    private static async Task<(int Code, string Said)> BuildAsync(string project, CancellationToken interrupt)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
            : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet")) is var own && File.Exists(own) ? own : "dotnet";
        var start = new ProcessStartInfo(dotnet, ["build", project, "-c", "Release", "-o", Path.Combine(Path.GetDirectoryName(project)!, "out"), "--nologo", "-v", "quiet", "-p:ImportDirectoryBuildProps=false", "-p:ImportDirectoryBuildTargets=false"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(project)!,
        };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // A build server that outlives the notebook would keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start) ?? throw new IOException($"{dotnet} did not start");
        await using var stop = interrupt.Register(() => process.Kill(entireProcessTree: true)).ConfigureAwait(false);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        interrupt.ThrowIfCancellationRequested();
        return (process.ExitCode, await output.ConfigureAwait(false) + await error.ConfigureAwait(false));
    }

    private static bool IsManaged(string path)
    {
        try
        {
            AssemblyName.GetAssemblyName(path);
            return true;
        }
        catch (BadImageFormatException)
        {
            return false; // a native library of this ending
        }
    }

    private static string? Resolved(string place, string name)
    {
        var path = Path.Combine(place, "obj", "project.assets.json");
        var libraries = File.Exists(path) ? System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))?["libraries"]?.AsObject() : null;
        return libraries?.Select(item => item.Key.Split('/')).FirstOrDefault(parts => parts[0].Equals(name, StringComparison.OrdinalIgnoreCase))?[1];
    }
}
