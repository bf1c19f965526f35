using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The report: what it says of claims and notebooks, and how it behaves in a browser.</summary>
public class ReportTest
{
    internal const string Figure = """
        <div class="retort-figure" style="background:#fff;width:720px"><img alt="curve" width="700" height="400" src="data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="><script type="application/json">{"data":[{"type":"scatter","x":[1,2,3],"y":[2,1,3]}],"layout":{"width":700,"height":400}}</script><script>(function () { var tries = 0; (function draw() { if (!window.Plotly) { if (tries++ < 40) setTimeout(draw, 100); return; } var card = document.querySelector('.retort-figure'); var place = document.createElement('div'); card.insertBefore(place, card.firstChild); Plotly.newPlot(place, JSON.parse(card.querySelector('script').textContent)).then(function () { card.querySelector('img').style.display = 'none'; }); })(); })();</script></div>
        """;

    [Fact]
    public void Report_Claims_AreGroupedLinkedAndShownAsTheyAre()
    {
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        var index = File.ReadAllText(Report.Write(results, [notebook], Path.Combine(cells.Folder, "report"), Path.Combine(cells.Folder, "nocache")));
        Assert.Contains("<h2 id=\"paper-ced\">CED: consistent ensemble distillation for audio tagging (2023)</h2>", index);
        Assert.Contains("<h2 id=\"paper-other\">other</h2>", index);
        Assert.True(index.IndexOf("paper-ced", StringComparison.Ordinal) < index.IndexOf("paper-other", StringComparison.Ordinal));
        Assert.Contains("A &lt;b&gt; beats B", index);
        Assert.Contains("+0.031 [+0.010, +0.050]", index);
        Assert.Contains("\u22120.010 [\u22120.020, \u22120.005]", index);
        Assert.Contains("3 seeds (1, 2, 3)", index);
        Assert.Contains("1 seed (1)", index);
        Assert.Contains("p = 0.02 corrected for 2 claims", index);
        Assert.Contains("reproduced if the effect is greater than", index);
        Assert.Contains("at size <b>full and quick and smoke</b>", index);
        Assert.Contains("The store is small<br><span class=\"facts\">published: 84 bytes; here: 80 bytes</span>", index);
        Assert.Contains("not measured", index);
        Assert.Contains("✗ 1 not reproduced", index);
        Assert.Contains("href=\"01-demo.html#cell-3\"", index);
        Assert.Contains("href=\"01-demo.html#cell-4\"", index);
        Assert.Contains("seeds differ in order", index);
        Assert.Contains("&lt; 0.0001", index);
    }

    [Fact]
    public void Report_Notebook_IsAPageWithTextCodeAndOutputs()
    {
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        Report.Write(results, [notebook], Path.Combine(cells.Folder, "report"), Path.Combine(cells.Folder, "nocache"));
        var page = File.ReadAllText(Path.Combine(cells.Folder, "report", "01-demo.html"));
        Assert.Contains("<title>A demonstration</title>", page);
        Assert.Contains("<span class=\"math display\">\\[\nL = \\frac{1}{N}", page);
        Assert.Contains("<span class=\"k\">var</span> x = <span class=\"n\">1</span>;", page);
        Assert.Contains("<span class=\"c\">// a comment</span>", page);
        Assert.Contains("<pre class=\"stdout\" tabindex=\"0\">a &lt; b\n</pre>", page);
        Assert.Contains("plotly.js was not at hand", page);
        Assert.Contains("KaTeX was not at hand", page);
        Assert.Contains("Size full with seed=2, 12.5 s on 2 cores of Some CPU", page);
        Assert.Contains("Of its 9 training runs 6 were kept from an earlier run.", page);
        Assert.Contains("The code has changed since these outputs were made.", page);
        Assert.Contains("href=\"00-start.html\"", page);
        Assert.Contains("src=\"assets/files/1-picture.png\"", page);
        Assert.True(File.Exists(Path.Combine(cells.Folder, "report", "assets", "files", "1-picture.png")));
    }

    [Theory]
    [InlineData("{}", "expected a list of claims")]
    [InlineData("[", "is not JSON")]
    [InlineData("[5]", "claim 1: expected an object")]
    [InlineData("[{\"id\": \"a\", \"paper\": \"b\", \"says\": \"c\", \"size\": \"full\", \"verdict\": \"Maybe\"}]", "claim 1, verdict: expected Reproduced, NotReproduced or Undecided, found 'Maybe'")]
    [InlineData("[{\"id\": \"a\", \"paper\": \"b\", \"says\": \"c\", \"size\": \"full\", \"verdict\": \"Undecided\", \"effect\": \"big\"}]", "claim 1, effect: expected a number")]
    public void Report_DamagedClaims_AreNamedAndTheOldReportStays(string text, string expected)
    {
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        var target = Path.Combine(cells.Folder, "report");
        var index = Report.Write(results, [notebook], target, cells.Folder);
        var before = File.ReadAllText(index);
        File.WriteAllText(Path.Combine(results, "claims.json"), text);
        Assert.Contains(expected, Assert.Throws<NotebookException>(() => Report.Write(results, [notebook], target, cells.Folder)).Message);
        Assert.Equal(before, File.ReadAllText(index));
    }

    [Fact]
    public void Report_WithoutClaims_SaysSo()
    {
        using var cells = new Cells();
        var index = File.ReadAllText(Report.Write(cells.Folder, [cells.Notebook("a.ipynb", "1")], Path.Combine(cells.Folder, "report"), cells.Folder));
        Assert.Contains("There are no claims yet", index);
        Assert.Contains("what its outputs were made on is not known", index);
    }

    [Fact]
    public void Report_Forest_PlacesOursAndPublishedOnOneAxis()
    {
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        var index = File.ReadAllText(Report.Write(results, [notebook], Path.Combine(cells.Folder, "report"), Path.Combine(cells.Folder, "nocache")));
        double Place(string id, string kind)
        {
            var claim = index[index.IndexOf($"id=\"{id}\"", StringComparison.Ordinal)..];
            var match = System.Text.RegularExpressions.Regex.Match(claim[..claim.IndexOf("</details>", StringComparison.Ordinal)], $"class=\"{kind}\" style=\"left:([0-9.]+)%");
            return match.Success ? double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : double.NaN;
        }
        // -0.01, 0, 0.031 and the published 0.02 are in this order, in proportion, and within the axis.
        var (second, zero, first, published) = (Place("ced/second", "dot"), Place("ced/first", "zero"), Place("ced/first", "dot"), Place("ced/first", "pub"));
        Assert.True(0 < second && second < zero && zero < published && published < first && first < 100, $"{second} {zero} {published} {first}");
        Assert.Equal(0.03123 / 0.02, (first - zero) / (published - zero), 2);
        Assert.InRange((first - zero) / 0.03123 / ((zero - second) / 0.01), 0.99, 1.01);
        Assert.Equal(double.NaN, Place("ced/second", "pub"));
        Assert.Equal(double.NaN, Place("ced/third", "dot"));
    }

    [Fact]
    public void Report_Pages_HaveContentsNeighboursAndTheirSize()
    {
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        cells.Notebook("02-next.ipynb", "md: # The next one\n\n## First\n\n### Detail with $x^2$\n\n## Second", "md: ## Third", "1");
        Report.Write(results, [cells.Folder], Path.Combine(cells.Folder, "report"), Path.Combine(cells.Folder, "nocache"));
        var first = File.ReadAllText(Path.Combine(cells.Folder, "report", "01-demo.html"));
        var next = File.ReadAllText(Path.Combine(cells.Folder, "report", "02-next.html"));
        Assert.Contains("<a rel=\"next\" href=\"02-next.html\">The next one \u2192</a>", first);
        Assert.Contains("<a rel=\"prev\" href=\"01-demo.html\">\u2190 A demonstration</a>", next);
        Assert.DoesNotContain("rel=\"next\"", next);
        Assert.Contains("<li class=\"level-2\"><a href=\"#cell-2\">Third</a></li>", next);
        Assert.Contains("<li class=\"level-3\"><a href=\"#detail-with-x2\">Detail with x^2</a></li>", System.Text.RegularExpressions.Regex.Replace(next, "href=\"#detail[^\"]*\"", "href=\"#detail-with-x2\""));
        foreach (System.Text.RegularExpressions.Match link in System.Text.RegularExpressions.Regex.Matches(next, "href=\"#([^\"]+)\""))
        {
            Assert.Contains($"id=\"{link.Groups[1].Value}\"", next);
        }
        Assert.Contains("Size full", first);
    }

    [Fact]
    public async Task Report_OutputsOfAnotherProgram_AreNotCalledThoseOfTheRun()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "1 + 1");
        await Runner.RunAsync(path, new RunOptions { OutputPath = path, Size = "full" }, new PlainProgress(TextWriter.Null));
        string Shown()
        {
            Report.Write(cells.Folder, [path], Path.Combine(cells.Folder, "report"), cells.Folder);
            return File.ReadAllText(Path.Combine(cells.Folder, "report", "a.html"));
        }
        Assert.Contains("Size full", Shown());
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        root["cells"]![0]!["outputs"]![0]!["data"]!["text/plain"] = "3";
        File.WriteAllText(path, root.ToJsonString());
        Assert.DoesNotContain("Size full", Shown());
        Assert.Contains("run again by another program", Shown());
    }

    [SkippableFact]
    public async Task Report_InABrowser_FitsThreeWidthsFiltersAndAsksForNothingOutside()
    {
        await using var browser = await Browser.StartAsync();
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        var index = Report.Write(results, [notebook], Path.Combine(cells.Folder, "report"));
        foreach (var (width, dark) in new[] { (390, false), (820, true), (1280, false) })
        {
            await browser.Window(width, 900, dark);
            await browser.Open("file://" + index);
            Assert.InRange((await browser.Evaluate("document.documentElement.scrollWidth"))!.GetValue<int>(), 1, width);
            // Nothing of a line is cut, and no text runs into another.
            Assert.Equal(0, (await browser.Evaluate("[...document.querySelectorAll('.says, .numbers, .track')].filter(e => e.scrollWidth > e.clientWidth + 1 && !e.matches('.track')).length"))!.GetValue<int>());
            await browser.Evaluate("document.querySelectorAll('details.claim').forEach(d => d.open = true)");
            Assert.InRange((await browser.Evaluate("document.documentElement.scrollWidth"))!.GetValue<int>(), 1, width);
            await browser.Picture($"report-{width}", whole: true);
            await browser.Open("file://" + Path.Combine(Path.GetDirectoryName(index)!, "01-demo.html"));
            Assert.InRange((await browser.Evaluate("document.documentElement.scrollWidth"))!.GetValue<int>(), 1, width);
            await browser.Picture($"notebook-{width}", whole: true);
            // Formulas are whole, and on a dark page no card stays white.
            await browser.Until("[...document.querySelectorAll('.math.display')].every(m => m.scrollWidth <= m.clientWidth + 1)");
            if (dark)
            {
                // Figures are drawn, and then darkened, after the page has loaded.
                await browser.Until("[...document.querySelectorAll('body *')].every(e => getComputedStyle(e).backgroundColor !== 'rgb(255, 255, 255)')");
            }
        }
        await browser.Open("file://" + index);
        Assert.Equal("4 of 4 claims", (await browser.Evaluate("document.querySelector('output').textContent"))!.ToString());
        await browser.Evaluate("{ const s = document.getElementById('verdict'); s.value = 'undecided'; s.dispatchEvent(new Event('change')); }");
        Assert.Equal("2 of 4 claims", (await browser.Evaluate("document.querySelector('output').textContent"))!.ToString());
        Assert.Equal(2, (await browser.Evaluate("[...document.querySelectorAll('details.claim')].filter(r => r.offsetParent !== null).length"))!.GetValue<int>());
        // What the address holds survives a reload.
        await browser.Send("Page.reload");
        await Task.Delay(300);
        await browser.Until("document.querySelector('output')?.textContent === '2 of 4 claims'");
        // On paper, all claims and nothing to press.
        await browser.Send("Emulation.setEmulatedMedia", new JsonObject { ["media"] = "print" });
        Assert.Equal(4, (await browser.Evaluate("[...document.querySelectorAll('details.claim')].filter(r => r.getBoundingClientRect().height > 0).length"))!.GetValue<int>());
        Assert.Equal("none", (await browser.Evaluate("getComputedStyle(document.querySelector('.filters')).display"))!.ToString());
        await browser.Picture("report-print");
        await browser.Send("Emulation.setEmulatedMedia", new JsonObject { ["media"] = "" });
        // By keyboard: the first stop is the link past the navigation, then the filters.
        await browser.Evaluate("document.activeElement.blur()");
        foreach (var expected in new[] { "skip", "paper", "verdict" })
        {
            await browser.Send("Input.dispatchKeyEvent", new JsonObject { ["type"] = "keyDown", ["key"] = "Tab", ["code"] = "Tab", ["windowsVirtualKeyCode"] = 9 });
            Assert.Equal(expected, (await browser.Evaluate("document.activeElement.id || document.activeElement.className"))!.ToString());
        }
        // A claim's link leads to the cell.
        var link = (await browser.Evaluate("document.querySelector('details.claim a').href"))!.ToString();
        await browser.Open(link);
        Assert.True((await browser.Evaluate("document.querySelector(':target') !== null"))!.GetValue<bool>());
        Assert.All(browser.Requests, request => Assert.True(request.StartsWith("file://", StringComparison.Ordinal) || request.StartsWith("data:", StringComparison.Ordinal), request));
        Assert.Empty(browser.Errors);
    }

    [SkippableFact]
    public async Task Report_FiguresAndFormulas_AreDrawn()
    {
        Skip.IfNot(File.Exists(Path.Combine(ReportAssets.Cache, "katex", "katex.min.js")), "KaTeX is not in the cache (environment/katex/install.sh)");
        Skip.If(ReportAssets.Plotly(ReportAssets.Cache) is null, "plotly.js is not in the cache (environment/plotly/install.sh)");
        await using var browser = await Browser.StartAsync();
        using var cells = new Cells();
        var (results, notebook) = Example(cells);
        var index = Report.Write(results, [notebook], Path.Combine(cells.Folder, "report"));
        await browser.Window(1280, 1600);
        await browser.Open("file://" + Path.Combine(Path.GetDirectoryName(index)!, "01-demo.html"));
        await browser.Until("document.querySelector('.js-plotly-plot .scatterlayer path')");
        Assert.Equal("none", (await browser.Evaluate("getComputedStyle(document.querySelector('.retort-figure img')).display"))!.ToString());
        Assert.Equal(3, (await browser.Evaluate("document.querySelectorAll('.katex').length"))!.GetValue<int>());
        Assert.Equal(2, (await browser.Evaluate("document.querySelectorAll('.katex-display').length"))!.GetValue<int>());
        Assert.Equal(0, (await browser.Evaluate("document.querySelectorAll('.katex-error').length"))!.GetValue<int>());
        // Moving the pointer over the figure shows the values under it.
        Assert.Equal(0, (await browser.Evaluate("document.querySelectorAll('.hoverlayer .hovertext').length"))!.GetValue<int>());
        var box = (await browser.Evaluate("(() => { const b = document.querySelector('.js-plotly-plot .scatterlayer .points path').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"))!;
        await browser.Send("Input.dispatchMouseEvent", new JsonObject { ["type"] = "mouseMoved", ["x"] = box[0]!.GetValue<double>(), ["y"] = box[1]!.GetValue<double>() });
        await browser.Until("document.querySelectorAll('.hoverlayer .hovertext').length > 0");
        await browser.Picture("notebook-hover");
        // On a narrow window the figure is drawn again, as wide as there is room.
        await browser.Window(390, 900);
        await browser.Until("document.querySelector('.js-plotly-plot .main-svg').getBoundingClientRect().width < 390");
        await browser.Picture("notebook-figure-390", whole: true);
        Assert.All(browser.Requests, request => Assert.DoesNotContain("http", request.Split(':')[0]));
        Assert.Empty(browser.Errors);
    }

    private static (string Results, string Notebook) Example(Cells cells)
    {
        File.WriteAllBytes(Path.Combine(cells.Folder, "picture.png"), Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="));
        var path = cells.Notebook(
            "01-demo.ipynb",
            "md: # A demonstration\n\nThe loss is $\\tau^2\\,\\mathrm{KL}(p\\,\\|\\,q)$, see [the start](00-start.ipynb), and in one line:\n\n$$a^2$$\n\n$$\nL = \\frac{1}{N}\\sum_i -y_i \\log p_i\n$$\n\n![a dot](picture.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            "var x = 1; // a comment\nvar text = $\"value {x}\"; var quite_a_long_name_so_that_the_line_is_wider_than_a_telephone = \"and must scroll\";",
            "figure",
            "claim");
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        root["cells"]![1]!["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "stream", ["name"] = "stdout", ["text"] = "\u001b[31ma < b\u001b[0m\n" });
        root["cells"]![2]!["id"] = "figure-cell";
        root["cells"]![2]!["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "display_data", ["data"] = new JsonObject { ["text/html"] = Figure, ["text/plain"] = "curve" } });
        root["cells"]![3]!["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "execute_result", ["data"] = new JsonObject { ["text/plain"] = "[reproduced] (ced/second)" } });
        root["metadata"]!["retort"] = new JsonObject
        {
            ["code_hash"] = "other",
            ["size"] = "full",
            ["parameters"] = new JsonArray("seed=2"),
            ["seconds"] = 12.5,
            ["cores"] = 2,
            ["results"] = 9,
            ["kept_results"] = 6,
            ["processor"] = "Some CPU",
            ["system"] = "Debian",
            ["runtime"] = ".NET 10",
            ["host"] = "retort-notebook",
            ["date"] = "2026-01-01",
        };
        File.WriteAllText(path, root.ToJsonString());
        var results = Path.Combine(cells.Folder, "results");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "claims.json"), """
            [
              {"id": "ced/first", "paper": "ced", "published_effect": 0.02, "p_holm": 0.02, "family": 2, "rule": {"kind": "greater", "bound": 0, "alpha": 0.05}, "says": "A <b> beats B by a margin that the paper calls large, over all sizes of the student", "published": "mAP 36.5 against 34.4 (table 2)", "measured": "mAP, A minus B", "effect": 0.03123, "low": 0.01, "high": 0.05, "pValue": 0.00001, "test": "paired bootstrap, 3 seeds, 2000 resamples", "seeds": [1, 2, 3], "size": "full", "notes": "", "notebook": "01-demo.ipynb", "cell": "figure-cell", "verdict": "Reproduced"},
              {"id": "ced/second", "paper": "ced", "says": "More views help", "published": "+0.4", "measured": "mAP", "effect": -0.01, "low": -0.02, "high": -0.005, "pValue": 0.4, "seeds": [1], "size": "quick", "notes": "seeds differ in order", "notebook": "01-demo.ipynb", "cell": "", "verdict": "NotReproduced"},
              {"id": "ced/third", "paper": "ced", "says": "Twice the data helps", "published": "+1.2", "measured": "mAP", "effect": "NaN", "low": "NaN", "high": "NaN", "pValue": null, "seeds": [], "size": "smoke", "notebook": "99-missing.ipynb", "verdict": "Undecided"},
              {"id": "other/first", "paper": "other", "says": "Something else", "published": "", "measured": "", "effect": 1, "low": 0, "high": 2, "size": "quick", "verdict": "Undecided"}
            ]
            """);
        File.WriteAllText(Path.Combine(results, "facts.json"), """[{"id": "ced/storage", "paper": "ced", "says": "The store is small", "published": "84 bytes", "here": "80 bytes"}]""");
        return (results, path);
    }
}
