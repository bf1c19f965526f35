# A small case in SLURP's format, of our own sentences, with predictions and the scores that SLURP's paper defines (Bastianelli
# et al., 2020, section 5), for tests/Metrics and tests/Data. Standard library only.
#   /usr/bin/python3 environment/reference/slurp_scores.py tests/Metrics/Golden/slurp
# writes gold.jsonl.txt, predictions.jsonl.txt and expected.json there.
import functools
import json
import os
import random
import re
import sys

SENTENCES = """
alarm set|wake me at [time : seven] [date : tomorrow]
alarm set|put an alarm on [time : half past six] and another on [time : ten to seven]
alarm query|which alarms are on
alarm remove|take the [time : noon] alarm away
alarm query|does anything ring before [time : eight]
audio volume_up|make it louder
audio volume_down|turn the speaker down by [change_amount : two steps]
audio volume_mute|be silent for [time : ten minutes]
audio volume_other|how loud are you now
audio volume_mute|mute
calendar set|add [event_name : swimming] on [date : friday] at [time : four]
calendar query|what do i have on [date : the ninth of june]
calendar remove|cancel [event_name : lunch] with [person : Maria] [date : next week]
calendar set|remind [person : me] of [event_name : the boat race] and [person : my sister] too
calendar query|when do [person : Omar] and [person : Lena] meet
cooking recipe|how do i make [food_type : lentil soup]
cooking recipe|how long does [food_type : rice] boil
cooking query|what goes with [food_type : grilled aubergine] and [food_type : mint]
cooking recipe|find a cake without [ingredient : eggs] or [ingredient : milk]
cooking recipe|is [ingredient : saffron] dear
datetime query|what time is it in [place_name : Lisbon]
datetime query|which day is [date : the third]
datetime convert|if it is [time : noon] in [place_name : Oslo] how late is it in [place_name : Quito]
datetime query|how many days are left in [date : march]
datetime query|the date please
email query|any letters from [person : Ruben]
email sendemail|write to [person : aunt Ida] that [event_name : the party] is off
email addcontact|keep [email_address : ida at post dot example] as [person : Ida]
email query|read the last one
email querycontact|where does [person : Tom] of [business_name : Blue Harbour] live
general joke|tell me something funny
general quirky|do you like [weather_descriptor : snow]
general greet|good evening
general repeat|say that again
general quirky|what would [person : a whale] think of [place_name : the moon]
iot hue_lightoff|lights off in the [house_place : cellar]
iot hue_lightchange|make the [house_place : hall] [color_type : pale green]
iot coffee|brew one at [time : six]
iot cleaning|sweep the [house_place : kitchen] and the [house_place : stairs]
iot wemo_on|start the [device_type : fan]
lists createoradd|put [food_type : oats] and [food_type : black tea] on my [list_name : shopping] list
lists query|what is on [list_name : the garden list]
lists remove|strike [food_type : oats]
lists createoradd|begin a list called [list_name : books to lend]
lists query|how many lists are there
music likeness|i like [song_name : the grey mare]
music query|who sings this
music settings|shuffle [music_genre : folk]
music dislikeness|never play [artist_name : The Lamps] again
music query|is that [artist_name : Ada Moor] or [artist_name : Ida Moor]
news query|what is new in [place_name : Peru]
news query|headlines about [news_topic : the harbour strike] and [news_topic : bread prices]
news query|tell me of [news_topic : rowing]
news query|anything from [media_type : the Morning Post] [date : today]
news query|news
play music|play [song_name : three ravens] by [artist_name : Ada Moor]
play radio|turn on [radio_name : river radio]
play podcasts|go on with [podcast_name : bees and wasps]
play audiobook|read me [audiobook_name : the salt road] from [audiobook_author : J Pell]
play game|let us play [game_name : noughts and crosses]
qa factoid|how high is [place_name : Ben Lomond]
qa maths|what is nine times twelve
qa currency|how many [currency_name : crowns] is one [currency_name : Swiss franc]
qa definition|what does [definition_word : perpendicular] mean
qa stock|how is [business_name : Blue Harbour] doing [date : this week]
recommendation events|what is on in [place_name : Ghent] [date : tonight]
recommendation locations|a [business_type : bakery] near [place_name : the old bridge]
recommendation movies|which film shall i see
recommendation events|concerts for [person : children]
recommendation locations|somewhere with [food_type : dumplings] or [food_type : noodles]
social post|tell [business_name : Northern Rail] that [transport_type : the train] is late
social query|what does [person : Nora] write
social post|post [event_name : we are married]
social query|anything new on [media_type : chirper]
social post|complain to [business_name : Blue Harbour] about [business_name : Blue Harbour Cafe]
takeaway order|get me [food_type : two pizzas] from [business_name : Corner Oven]
takeaway query|does [business_name : Corner Oven] deliver
takeaway order|one [food_type : noodle soup] and one [food_type : spring roll]
takeaway query|where is my [food_type : curry]
takeaway order|the usual
transport taxi|a cab to [place_name : the station] at [time : five]
transport query|how far is [place_name : Bergen] from [place_name : Oslo] by [transport_type : bus]
transport ticket|two tickets to [place_name : Turin]
transport traffic|is the [place_name : ring road] free
transport query|when is the next [transport_type : ferry]
weather query|will it [weather_descriptor : hail] in [place_name : Cork] on [date : sunday]
weather query|how warm is it
weather query|do i need [weather_descriptor : a coat] [timeofday : this evening]
weather query|wind at [place_name : the cape] [date : tomorrow] and on [date : friday]
weather query|[weather_descriptor : fog]
""".strip().splitlines()


def gold(rng):
    lines = []
    for number, text in enumerate(SENTENCES):
        head, annotated = text.split("|")
        scenario, action = head.split(" ")
        tokens, entities, words = [], [], 0
        for piece in re.findall(r"\[[^\]]*\]|[^\[\]]+", annotated):
            kind, filler = piece[1:-1].split(" : ") if piece.startswith("[") else (None, piece)
            ids = []
            for word in filler.split():
                ids.append(words)
                tokens.append({"surface": word, "id": words})
                words += 1
            if kind:
                entities.append({"span": ids, "type": kind})
        base = 1_000_000 + 37 * number
        names = [f"audio-{base}.flac", f"audio-{base}-headset.flac"]
        lines.append({
            "slurp_id": 500 + number, "sentence": " ".join(t["surface"] for t in tokens).lower(), "sentence_annotation": annotated,
            # Some published lines name the action alone.
            "intent": action if number % 11 == 4 else f"{scenario}_{action}", "action": action, "tokens": tokens, "scenario": scenario,
            "recordings": [{"file": n, "wer": round(rng.random(), 2), "ent_wer": None, "status": "correct"} for n in names], "entities": entities,
        })
    return lines


def meaning(line):
    words = {t["id"]: t["surface"].lower() for t in line["tokens"]}
    return line["scenario"], line["action"], [(e["type"], " ".join(words[i] for i in e["span"])) for e in line["entities"]]


def predictions(rng, lines):
    labels = sorted({meaning(l)[:2] for l in lines})
    types = sorted({e["type"] for l in lines for e in l["entities"]})
    out = []
    for line in lines:
        for recording in line["recordings"]:
            if rng.random() < 0.06:
                continue
            scenario, action, entities = meaning(line)
            if rng.random() < 0.2:
                scenario, action = rng.choice(labels)
            said = []
            for kind, filler in entities:
                words = filler.split()
                turn = rng.random()
                if turn < 0.12:
                    continue
                if turn < 0.22:
                    words = words[:-1] or ["a"]
                elif turn < 0.32:
                    words = words + rng.choice([["now"], ["and", "then", "some"], ["please", "do"]])
                elif turn < 0.40:
                    words[0] = words[0][::-1]
                elif turn < 0.45:
                    words = [w.upper() for w in words]
                if rng.random() < 0.1:
                    kind = rng.choice(types)
                said.append((kind, " ".join(words)))
                if rng.random() < 0.05:
                    said.append(said[-1])
            if rng.random() < 0.08:
                said.append((rng.choice(types), rng.choice(["the", "ten to seven", "oslo"])))
            rng.shuffle(said)
            out.append({"file": recording["file"], "scenario": scenario, "action": action, "entities": [{"type": k, "filler": f} for k, f in said]})
    out.append({"file": "audio-9.flac", "scenario": "qa", "action": "maths", "entities": []})
    rng.shuffle(out)
    return out


def edits(a, b):
    @functools.lru_cache(None)
    def least(i, j):
        if i == 0 or j == 0:
            return i + j
        return min(least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
    return least(len(a), len(b))


def by_word(truth, said):
    return edits(tuple(truth.split()), tuple(said.split())) / len(truth.split())


def by_character(truth, said):
    return edits(truth, said) / max(len(truth), len(said))


class Counts(dict):
    def add(self, label, tp=0.0, fp=0.0, fn=0.0):
        old = self.get(label, (0.0, 0.0, 0.0))
        self[label] = (old[0] + tp, old[1] + fp, old[2] + fn)

    def label(self, truth, said):
        if truth == said:
            self.add(truth, tp=1)
        else:
            self.add(said, fp=1)
            self.add(truth, fn=1)

    def entities(self, truth, said, distance):
        left = list(truth)
        for kind, filler in said:
            near = [(distance(f, filler), n) for n, (k, f) in enumerate(left) if k == kind]
            if distance is exact:
                near = [x for x in near if x[0] == 0]
            if not near:
                self.add(kind, fp=1)
                continue
            cost, place = min(near)
            self.add(kind, tp=1, fp=cost, fn=cost)
            del left[place]
        for kind, _ in left:
            self.add(kind, fn=1)

    @staticmethod
    def score(tp, fp, fn):
        p = tp / (tp + fp) if tp + fp else 0.0
        r = tp / (tp + fn) if tp + fn else 0.0
        return [p, r, 2 * p * r / (p + r) if p + r else 0.0, tp, fp, fn]

    def result(self):
        each = {k: self.score(*v) for k, v in sorted(self.items())}
        sums = [sum(v[n] for v in each.values()) for n in range(6)]
        macro = [s / len(each) for s in sums[:3]] + sums[3:]
        return {"micro": self.score(*sums[3:]), "macro": macro, "labels": each}


def exact(truth, said):
    return 0.0 if truth == said else 1.0


def expected(lines, said):
    truth = {r["file"]: meaning(l) for l in lines for r in l["recordings"]}
    last = {p["file"]: p for p in said}
    names = ("scenario", "action", "intent", "span", "distance_word", "distance_char", "slu_f1")
    counts = {n: Counts() for n in names}
    scored = [f for f in truth if f in last]
    for file in scored:
        (scenario, action, entities), p = truth[file], last[file]
        guesses = [(e["type"], e["filler"]) for e in p["entities"]]
        counts["scenario"].label(scenario, p["scenario"])
        counts["action"].label(action, p["action"])
        counts["intent"].label(f"{scenario}_{action}", f"{p['scenario']}_{p['action']}")
        for name, distance in (("span", exact), ("distance_word", by_word), ("distance_char", by_character)):
            counts[name].entities(entities, guesses, distance)
    for name in ("distance_word", "distance_char"):
        for label, (tp, fp, fn) in counts[name].items():
            counts["slu_f1"].add(label, tp, fp, fn)
    return {"sentences": len(lines), "recordings": len(truth), "scored": len(scored), "not_predicted": len(truth) - len(scored),
            "unknown": len(last) - len(scored), "scores": {n: counts[n].result() for n in names}}


def write(folder):
    rng = random.Random(5)
    lines = gold(rng)
    said = predictions(rng, lines)
    for name, rows in (("gold", lines), ("predictions", said)):
        with open(os.path.join(folder, name + ".jsonl.txt"), "w") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump(expected(lines, said), f)
        f.write("\n")


def check(gold_file, predictions_file, expected_file):
    """The same functions on other files whose official scores are known (micro, macro: lists as above)."""
    lines = [json.loads(line) for line in open(gold_file)]
    said = [json.loads(line) for line in open(predictions_file)]
    ours, theirs = expected(lines, said)["scores"], json.load(open(expected_file))
    worst = max(abs(a - b) for name in ours for kind in ("micro", "macro")
                for a, b in zip(ours[name][kind], theirs[kind][name]["overall"]))
    print(f"largest difference from the official scores: {worst:.3g}")


if __name__ == "__main__":
    check(*sys.argv[1:]) if len(sys.argv) == 4 else write(sys.argv[1])
