//! What kind of answer a question asks for, as far as its letters tell: いつ a time, 何歳 a number of 歳, いくら a price.

/// Ways to ask, in folded kana, and what a number stands before in the answer.
const ASKING: [(&str, &str); 18] = [
    ("いつ", "年月日世時歳才か"),
    ("いくら", "円ど万億"),
    ("いくつ", "つ個歳才"),
    ("どのくらい", "年月日世時分秒歳才か回人つ個円kmgcl%倍度杯枚本"),
    ("どれくらい", "年月日世時分秒歳才か回人つ個円kmgcl%倍度杯枚本"),
    ("どのぐらい", "年月日世時分秒歳才か回人つ個円kmgcl%倍度杯枚本"),
    ("なんねん", "年"),
    ("なんがつ", "月"),
    ("なんにち", "日"),
    ("なんにん", "人"),
    ("なんせいき", "世"),
    ("なんさい", "歳才"),
    ("なんかい", "回"),
    ("なんじ", "時"),
    ("なんぷん", "分"),
    ("なんかげつ", "か"),
    ("なんぐらむ", "g"),
    ("なんど", "度"),
];
/// After 何 they ask for no number.
const PARTICLES: &str = "でとかにをがのはもやへしらよだ";

/// What may stand behind the number that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked(Vec<char>);

impl Asked {
    /// `spelling`: normalised, kana folded.
    pub fn of(spelling: &str) -> Asked {
        let mut units: Vec<char> = vec![];
        for (asking, answers) in ASKING {
            if spelling.contains(asking) {
                units.extend(answers.chars());
            }
        }
        for (at, what) in spelling.match_indices('何') {
            let next = spelling.get(at + what.len()..).and_then(|rest| rest.chars().next());
            units.extend(next.filter(|next| *next != ' ' && !PARTICLES.contains(*next)));
        }
        Asked(units)
    }

    /// Whether a number of what is asked for stands in these folded letters.
    pub fn is_in(&self, letters: &[char]) -> bool {
        letters.windows(2).any(|pair| is_number(pair[0]) && self.0.contains(&pair[1]))
    }
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十百千万億数".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_answered(question: &str, text: &str) -> bool {
        Asked::of(question).is_in(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn a_question_for_a_number_is_answered_by_one_of_the_same_kind() {
        assert!(is_answered("離乳食はいつから", "生後5か月ごろから"));
        assert!(is_answered("何歳まで", "二歳ごろ"));
        assert!(is_answered("なんさいまで", "2歳ごろ"));
        assert!(!is_answered("何歳まで", "3枚"));
        assert!(is_answered("何回食", "1日3回"));
    }

    #[test]
    fn what_asks_for_no_number_has_no_such_answer() {
        assert!(Asked::of("何を食べる").0.is_empty());
        assert!(Asked::of("夜泣きがひどい").0.is_empty());
        assert!(!is_answered("何を食べる", "3年"));
    }
}
