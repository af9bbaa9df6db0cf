// The little of JSON that the vectors need: objects, lists, text, numbers as they are written.

using System;
using System.Collections.Generic;
using System.Text;

/// <summary>Objects become dictionaries, lists lists, text strings, null null; numbers, true and
/// false become Word.</summary>
sealed class Json
{
    public sealed class Word
    {
        public readonly string Text;

        public Word(string text)
        {
            Text = text;
        }
    }

    private readonly string text;
    private int at;

    private Json(string text)
    {
        this.text = text;
    }

    public static object Parse(string text)
    {
        return new Json(text).Value();
    }

    private char Next()
    {
        while (char.IsWhiteSpace(text[at]) || text[at] == ',' || text[at] == ':')
        {
            at++;
        }
        return text[at];
    }

    private object Value()
    {
        switch (Next())
        {
            case '{':
                return Object();
            case '[':
                return List();
            case '"':
                return Text();
            default:
                return Bare();
        }
    }

    private object Object()
    {
        var found = new Dictionary<string, object>();
        at++;
        while (Next() != '}')
        {
            string key = Text();
            found[key] = Value();
        }
        at++;
        return found;
    }

    private object List()
    {
        var found = new List<object>();
        at++;
        while (Next() != ']')
        {
            found.Add(Value());
        }
        at++;
        return found;
    }

    private string Text()
    {
        var found = new StringBuilder();
        for (at++; text[at] != '"'; at++)
        {
            found.Append(text[at] == '\\' ? Escaped() : text[at]);
        }
        at++;
        return found.ToString();
    }

    private char Escaped()
    {
        at++;
        int known = "bfnrt".IndexOf(text[at]);
        if (text[at] != 'u')
        {
            return known < 0 ? text[at] : "\b\f\n\r\t"[known];
        }
        at += 4;
        return (char)Convert.ToInt32(text.Substring(at - 3, 4), 16);
    }

    private object Bare()
    {
        int start = at;
        while (",]} \n".IndexOf(text[at]) < 0)
        {
            at++;
        }
        string word = text.Substring(start, at - start);
        return word == "null" ? null : new Word(word);
    }
}
