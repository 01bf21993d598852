//! One form for kanji that are written in two: 醬油 and 醤油, 摑み食べ and 掴み食べ, 𠮟る and 叱る, 學校 and 学校.
//!
//! The forms before the reform of 1949 (常用漢字表), the printed forms that phones and word processors part over (表外漢字字体表), and
//! variants of names. Whichever stands second is the one the dictionary knows.

use std::collections::HashMap;
use std::sync::LazyLock;

use rustc_hash::FxBuildHasher;

const FORMS: &str = "
    亞亜 惡悪 壓圧 圍囲 爲為 醫医 壹壱 稻稲 飮飲 隱隠 榮栄 營営 衞衛 驛駅 圓円 鹽塩 緣縁 艷艶 應応 歐欧 毆殴 櫻桜 奧奥
    橫横 溫温 穩穏 假仮 價価 畫画 會会 囘回 壞壊 懷懐 繪絵 槪概 擴拡 殼殻 覺覚 學学 嶽岳 樂楽 渴渇 勸勧 卷巻 寬寛 歡歓
    罐缶 觀観 關関 陷陥 巖巌 顏顔 歸帰 氣気 龜亀 僞偽 戲戯 犧犠 舊旧 據拠 擧挙 虛虚 峽峡 挾挟 敎教 强強 狹狭 鄕郷 堯尭
    曉暁 區区 驅駆 勳勲 薰薫 羣群 徑径 惠恵 揭掲 攜携 溪渓 經経 繼継 莖茎 螢蛍 輕軽 鷄鶏 藝芸 擊撃 缺欠 儉倹 劍剣 圈圏
    檢検 權権 獻献 縣県 硏研 險険 顯顕 驗験 嚴厳 效効 廣広 恆恒 鑛鉱 號号 國国 黑黒 濟済 碎砕 齋斎 劑剤 册冊 雜雑 產産
    參参 慘惨 棧桟 蠶蚕 贊賛 殘残 絲糸 齒歯 兒児 辭辞 濕湿 實実 舍舎 寫写 釋釈 壽寿 收収 從従 澁渋 獸獣 縱縦 肅粛 處処
    敍叙 奬奨 將将 燒焼 稱称 證証 乘乗 剩剰 壤壌 孃嬢 條条 淨浄 狀状 疊畳 穰穣 讓譲 釀醸 囑嘱 觸触 寢寝 愼慎 晉晋 眞真
    盡尽 圖図 粹粋 醉酔 穗穂 隨随 髓髄 樞枢 數数 瀨瀬 聲声 靜静 齊斉 攝摂 竊窃 專専 戰戦 淺浅 潛潜 纖繊 踐践 錢銭 禪禅
    雙双 壯壮 搜捜 插挿 爭争 總総 聰聡 莊荘 裝装 騷騒 增増 臟臓 藏蔵 屬属 續続 墮堕 體体 對対 帶帯 滯滞 臺台 瀧滝 擇択
    澤沢 單単 擔担 膽胆 團団 彈弾 斷断 癡痴 遲遅 晝昼 蟲虫 鑄鋳 廳庁 聽聴 鎭鎮 遞逓 鐵鉄 轉転 點点 傳伝 黨党 盜盗 燈灯
    當当 鬪闘 德徳 獨独 讀読 屆届 貳弐 惱悩 腦脳 霸覇 廢廃 拜拝 賣売 麥麦 發発 髮髪 拔抜 蠻蛮 祕秘 濱浜 甁瓶 拂払 佛仏
    倂併 竝並 變変 邊辺 邉辺 辨弁 辯弁 瓣弁 寶宝 豐豊 襃褒 沒没 飜翻 每毎 萬万 滿満 麵麺 默黙 彌弥 藥薬 譯訳 豫予 餘余
    與与 譽誉 搖揺 樣様 謠謡 來来 賴頼 亂乱 覽覧 兩両 獵猟 綠緑 鄰隣 凜凛 壘塁 淚涙 勵励 禮礼 隸隷 靈霊 齡齢 曆暦 歷歴
    戀恋 爐炉 勞労 樓楼 郞郎 祿禄 錄録 亙亘 灣湾 瑤瑶 遙遥 曾曽 聯連 聨連 擡台 殖植
    醬醤 麴麹 摑掴 嚙噛 頰頬 𠮟叱 噓嘘 瘦痩 蟬蝉 蠟蝋 繫繋 搔掻 剝剥 塡填 禱祷 簞箪 鷗鴎 顚顛 驒騨 瀆涜 屛屏 啞唖 焰焔
    餠餅 莓苺 蔥葱 壷壺 靱靭 籠篭 頸頚 檜桧
    髙高 﨑崎 嶋島 嶌島 濵浜 栁柳 桒桑
";

static FORM: LazyLock<HashMap<char, char, FxBuildHasher>> = LazyLock::new(|| {
    FORMS
        .split_whitespace()
        .filter_map(|pair| {
            let mut forms = pair.chars();
            Some((forms.next()?, forms.next()?))
        })
        .collect()
});

/// The form that the dictionary knows; itself for any other character.
pub(super) fn usual_form(c: char) -> char {
    FORM.get(&c).copied().unwrap_or(c)
}

pub(super) fn is_usual(c: char) -> bool {
    !FORM.contains_key(&c)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_form_stands_once_and_leads_to_one_that_stays() {
        let mut seen = HashSet::new();
        for pair in FORMS.split_whitespace() {
            let forms: Vec<char> = pair.chars().collect();
            assert_eq!(forms.len(), 2, "{pair}");
            assert!(seen.insert(forms[0]), "{pair}");
            assert!(is_usual(forms[1]), "{pair}");
        }
    }
}
