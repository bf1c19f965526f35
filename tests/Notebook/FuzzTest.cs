using System.Text;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Damaged files: only our own exception may come out, whatever the bytes are.</summary>
public class FuzzTest
{
    private const string Notebook = """
        {"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# T $x$\n", "![p](q.png)"]},
         {"cell_type": "code", "execution_count": 1, "metadata": {"tags": ["parameters"]}, "source": "var x = 1;\nx", "outputs": [
          {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
          {"output_type": "execute_result", "execution_count": 1, "data": {"text/html": "<b>1</b>", "text/plain": ["1"], "application/json": {"a": [1, null]}}, "metadata": {}},
          {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}]}],
         "metadata": {"kernelspec": {"name": ".net-csharp", "language": "C#"}, "language_info": {"name": "C#"}, "retort": {"code_hash": "x", "seconds": 1.5, "cores": 2, "parameters": ["a=1"]}},
         "nbformat": 4, "nbformat_minor": 5}
        """;

    private const string Claims = """[{"id": "a/b", "paper": "ced", "says": "s", "effect": "NaN", "low": 0.1, "pValue": null, "seeds": [1, 2], "size": "full", "verdict": "Reproduced", "notebook": "n.ipynb", "cell": "a"}]""";

    private const string Connection = """{"transport": "tcp", "ip": "127.0.0.1", "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5, "key": "k", "signature_scheme": "hmac-sha256"}""";

    [Fact]
    public void Notebook_Mutated_IsReadOrRefused()
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "a.ipynb");
        var assets = ReportAssets.CopyTo(Path.Combine(cells.Folder, "report"), cells.Folder);
        int read = Mutants(Notebook, path, 4000, () =>
        {
            var notebook = NotebookFile.Read(path);
            _ = Linter.Check(notebook);
            _ = new NotebookPage(notebook, assets).Html();
            _ = notebook.ToJson();
        });
        Assert.InRange(read, 100, 3900);
    }

    [Fact]
    public void Claims_Mutated_AreReadOrRefused()
    {
        using var cells = new Cells();
        int read = Mutants(Claims, Path.Combine(cells.Folder, "claims.json"), 4000, () => _ = ReportClaim.Read(cells.Folder));
        Assert.InRange(read, 100, 3900);
    }

    [Fact]
    public void Connection_Mutated_IsReadOrRefused()
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "c.json");
        int read = Mutants(Connection, path, 4000, () => Assert.Equal("127.", ConnectionFile.Read(path) is var file && file.Transport == "ipc" ? "127." : file.Address[..4]));
        Assert.InRange(read, 100, 3900);
    }

    [Theory]
    [InlineData("{\"nbformat\": 4, \"nbformat\": 4, \"cells\": []}")]
    [InlineData("{\"nbformat\": 4, \"cells\": [], \"metadata\": \"\\ud800\"}")]
    public void Json_AmbiguousOrNotUnicode_IsRefused(string text)
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "a.ipynb");
        File.WriteAllText(path, text);
        Assert.Contains("is not JSON", Assert.Throws<NotebookException>(() => NotebookFile.Read(path)).Message);
    }

    private static int Mutants(string text, string path, int count, Action use)
    {
        var original = Encoding.UTF8.GetBytes(text);
        string[] words = ["null", "[]", "{}", "\"\"", "-1", "1e999", "\"\\ud800\"", "true", "[[", "99999999999999999999"];
        uint state = 12345;
        int Next(int below)
        {
            state = (state * 1664525) + 1013904223;
            return (int)((state >> 8) % (uint)below);
        }
        int read = 0;
        for (int round = 0; round < count; round++)
        {
            var bytes = original.ToList();
            for (int change = 1 + Next(2); change > 0; change--)
            {
                int place = Next(bytes.Count);
                switch (Next(4))
                {
                    case 0:
                        bytes[place] = (byte)Next(256);
                        break;
                    case 1:
                        bytes.RemoveRange(place, Math.Min(Next(20), bytes.Count - place));
                        break;
                    case 2:
                        bytes.InsertRange(place, bytes.GetRange(Next(bytes.Count), 1));
                        break;
                    default:
                        // A value of another kind: from one colon to the next comma or bracket.
                        int colon = bytes.IndexOf((byte)':', place);
                        int end = colon < 0 ? -1 : bytes.FindIndex(colon, item => item is (byte)',' or (byte)'}' or (byte)']');
                        if (end > 0)
                        {
                            bytes.RemoveRange(colon + 1, end - colon - 1);
                            bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(words[Next(words.Length)]));
                        }
                        break;
                }
            }
            File.WriteAllBytes(path, [.. bytes]);
            try
            {
                use();
                read++;
            }
            catch (NotebookException)
            {
                // refused in our own words
            }
        }
        return read;
    }
}
