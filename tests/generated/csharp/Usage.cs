// How an application uses the generated C#, and what is refused when it is encoded. Each line that
// begins with "// not compiled:" is an error when it is put in the place of the line before it.

using System;
using System.Collections.Generic;
using Portcullis.Client;
using Portcullis.Pcwire;
using Portcullis.Roles;
using Portcullis.Wide;

static class Usage
{
    private static readonly byte[] Buffer = new byte[Frame.SIZE_LIMIT];
    private static readonly List<string> Heard = new List<string>();

    private static void Assert(bool good, string what)
    {
        if (!good)
        {
            throw new InvalidOperationException(what);
        }
    }

    /// <summary>A game's side of a connection: a method for each packet.</summary>
    private sealed class Game : WestFromEast
    {
        protected override void OnWideNumbers(Numbers packet)
        // not compiled: private void Other(Numbers packet)
        {
            Heard.Add($"numbers {packet.Tiny}");
        }

        protected override void OnWideTexts(Texts packet)
        // not compiled: protected override void OnWideTexts(Numbers packet)
        {
            Heard.Add($"texts {packet.Shown}");
        }

        protected override void OnWideMaybe(Maybe packet)
        {
            Heard.Add(packet.HasNumber ? $"maybe {packet.Number}" : "maybe not");
        }

        protected override void OnWideUnions(Unions packet)
        {
            Assert(packet.First.Tag == TargetTag.GROUND, "the case that was sent");
            Heard.Add($"on {packet.First.Ground.Level}");
        }

        protected override void OnWideGrown(Grown packet)
        {
            Heard.Add($"grown {packet.Channel}");
        }

        protected override void OnWideTailed(Tailed packet)
        {
            Heard.Add($"tailed {packet.Number}");
        }
    }

    private static void Send(Game game, FrameStream stream, IPacket packet, int version = 65535)
    {
        Assert(packet.Encode(Buffer, out int size, version) == WireError.OK, "encoded");
        for (int i = 0; i < size; i++)
        {
            ReadOnlySpan<byte> bytes = new ReadOnlySpan<byte>(Buffer, i, 1);
            while (stream.TryNext(ref bytes, out ReadOnlySpan<byte> frame))
            {
                Assert(game.Dispatch(frame) == WireError.OK, "handled");
            }
        }
    }

    private static void Connection()
    {
        var game = new Game();
        var stream = new FrameStream(WideProtocol.FRAME_MAX);
        Send(game, stream, GoodNumbers());
        Send(game, stream, GoodTexts());
        var maybe = new Maybe { HasNumber = true, Number = 7 };
        Send(game, stream, maybe);
        maybe.HasNumber = false;
        Send(game, stream, maybe);
        var unions = new Unions();
        unions.First.Tag = TargetTag.GROUND;
        unions.First.Ground.Level = 9;
        unions.All.Add().Tag = TargetTag.NOBODY;
        unions.Profile.Name.Set("Ann");
        unions.Counters.Add().Count = 5;
        Send(game, stream, unions);
        var grown = new Grown { Channel = 8 };
        Send(game, stream, grown, 1);
        Send(game, stream, grown);
        Send(game, stream, new Tailed { Number = 3 });
        string heard = string.Join(", ", Heard);
        Assert(heard == "numbers 1, texts \u00e9, maybe 7, maybe not, on 9, grown 3, grown 8, "
                   + "tailed 3", heard);
        new EchoRequest { Sequence = 1 }.Encode(Buffer, out int size);
        Assert(game.Dispatch(new Span<byte>(Buffer, 0, size)) == WireError.ID, "not for the game");
        Assert(game.Dispatch(new Span<byte>(Buffer, 0, size - 1)) == WireError.SIZE, "size");
        Assert(game.Dispatch(new Span<byte>(Buffer, 0, 3)) == WireError.SHORT, "short");
    }

    private static void Constants()
    {
        const int Newest = WideProtocol.VERSION;
        ulong first = WideProtocol.CompatHash(1);
        Assert(WideProtocol.CompatHash(Newest) == WideProtocol.COMPAT_HASH, "hash of now");
        Assert(first != WideProtocol.COMPAT_HASH && first != 0, "hash of the first");
        Assert(WideProtocol.CompatHash(0) == 0 && WideProtocol.CompatHash(Newest + 1) == 0, "none");
        Assert(WideProtocol.PacketName(Grown.PacketId) == "grown", "name");
        Assert(WideProtocol.PacketName(1) == "?", "no name");
    }

    private static Numbers GoodNumbers()
    {
        var numbers = new Numbers
        {
            Tiny = 1, Large = 5, Ratio = 0.5f, Turn = 90, Fine = 0.001f, Mood = Mood.GLAD,
            Steps = Step.RUN | Step.FLY, Mark = (Mark)9,
        };
        numbers.Levels.Add(2);
        numbers.Moods[0] = (Mood)77;
        return numbers;
    }

    private static Texts GoodTexts()
    {
        var texts = new Texts();
        texts.Plain.Set("abc");
        texts.Shown.Set("\u00e9");
        texts.Key.Set(new byte[4]);
        return texts;
    }

    private static void Refused(WireError wanted, Action<Numbers> spoil)
    {
        Numbers numbers = GoodNumbers();
        spoil(numbers);
        WireError error = numbers.Encode(Buffer, out int size);
        Assert(error == wanted && (size == 0) == (error != WireError.OK), $"{error}, not {wanted}");
    }

    private static void Refused(WireError wanted, Action<Texts> spoil)
    {
        Texts texts = GoodTexts();
        spoil(texts);
        WireError error = texts.Encode(Buffer, out int size);
        Assert(error == wanted && (size == 0) == (error != WireError.OK), $"{error}, not {wanted}");
    }

    private static void Refusals()
    {
        Refused(WireError.OK, (Numbers numbers) => { });
        Refused(WireError.RANGE, (Numbers numbers) => numbers.Tiny = 61);
        Refused(WireError.RANGE, (Numbers numbers) => numbers.Large = 4);
        Refused(WireError.RANGE, (Numbers numbers) => numbers.Ratio = 1.01f);
        Refused(WireError.RANGE, (Numbers numbers) => numbers.Wide = double.NaN);
        Refused(WireError.FLOAT, (Numbers numbers) => numbers.Turn = float.PositiveInfinity);
        Refused(WireError.OK, (Numbers numbers) => numbers.Turn = 1e9f);
        Refused(WireError.FLAGS, (Numbers numbers) => numbers.Steps = (Step)4);
        Refused(WireError.RANGE, (Numbers numbers) => numbers.Levels.Add(10));
        Refused(WireError.COUNT, (Numbers numbers) => numbers.Levels.Resize(5));
        Refused(WireError.OK, (Texts texts) => { });
        Refused(WireError.COUNT, (Texts texts) => texts.Plain.Set("ab"));
        Refused(WireError.COUNT, (Texts texts) => texts.Plain.Set(new string('a', 21)));
        Refused(WireError.CHARSET, (Texts texts) => texts.Plain.Set("abc\u00e9"));
        Refused(WireError.CHARSET, (Texts texts) => texts.Shown.Set("\t"));
        Refused(WireError.UTF8, (Texts texts) => texts.Shown.Set("\0"));
        Refused(WireError.OK, (Texts texts) => texts.Shown.Set("\ud800"));
        Refused(WireError.COUNT, (Texts texts) => texts.Key.Clear());
        var maybe = new Maybe { HasKind = true, Kind = (Kind)3 };
        Assert(maybe.Encode(Buffer, out _) == WireError.ENUM, "no such kind");
        var unions = new Unions();
        unions.First.Tag = (TargetTag)3;
        Assert(unions.Encode(Buffer, out _) == WireError.TAG, "no such case");
    }

    private static void Main()
    {
        Constants();
        Connection();
        Refusals();
    }
}
