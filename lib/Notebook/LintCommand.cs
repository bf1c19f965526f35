using System.CommandLine;

namespace Retort.Notebook;

/// <summary>retort-notebook lint</summary>
internal static class LintCommand
{
    public static Command Build()
    {
        var notebooks = new Argument<string[]>("notebooks") { Description = "The .ipynb files.", Arity = ArgumentArity.OneOrMore };
        var requireOutputs = new Option<bool>("--require-outputs") { Description = "A notebook without outputs is a problem, too." };
        var command = new Command("lint", "Checks notebooks against the portable subset. Exit code 0: no problem; 1: problems; 2: a file that is no notebook.") { notebooks, requireOutputs };
        command.SetAction((parsed, _) => Commands.GuardedAsync(() =>
        {
            int count = 0;
            foreach (var path in parsed.GetValue(notebooks)!)
            {
                foreach (var problem in Linter.Check(NotebookFile.Read(path), parsed.GetValue(requireOutputs)))
                {
                    Console.WriteLine($"{path}: {problem}");
                    count++;
                }
            }
            return Task.FromResult(count == 0 ? 0 : 1);
        }));
        return command;
    }
}
