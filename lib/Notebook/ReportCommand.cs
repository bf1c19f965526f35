using System.CommandLine;

namespace Retort.Notebook;

/// <summary>retort-notebook report</summary>
internal static class ReportCommand
{
    public static Command Build()
    {
        var results = new Option<string>("--results") { Description = "Folder with claims.json.", DefaultValueFactory = _ => "results" };
        var notebooks = new Option<string[]>("--notebooks") { Description = "Notebooks that were run, and folders of them.", AllowMultipleArgumentsPerToken = true, Required = true };
        var target = new Option<string>("--out") { Description = "The report's folder.", DefaultValueFactory = _ => "report" };
        var command = new Command("report", "Writes a report of claims and notebooks that works offline.") { results, notebooks, target };
        command.SetAction((parsed, _) => Commands.GuardedAsync(() =>
        {
            Console.WriteLine(Report.Write(parsed.GetValue(results)!, parsed.GetValue(notebooks)!, parsed.GetValue(target)!));
            return Task.FromResult(0);
        }));
        return command;
    }
}
