//! The places that posts and people belong to: the towns of southern Kyoto.
//!
//! The list is the product's, put into an empty table at the start, and read once: it does not change while a node runs. Ids are
//! words in addresses (`/regions/uji`) and are never reused.
//!
//! Not here: what was posted in a region (`discovery`).

use crate::db::tables::Regions as Table;
use crate::db::{Db, Read, Result};
use sea_query::{OnConflict, Order, Query};
use web::Lang;

/// One town.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub id: String,
    pub name_ja: String,
    /// With its reading: `宇治市《うじし》`.
    pub name_simple: String,
    pub name_en: String,
}

impl Region {
    /// For any text, also where ruby can't go: `宇治市`, `宇治市（うじし）`, `Uji`.
    pub fn name(&self, lang: Lang) -> String {
        match lang {
            Lang::Ja => self.name_ja.clone(),
            Lang::JaSimple => self.name_simple.replace('《', "（").replace('》', "）"),
            Lang::En => self.name_en.clone(),
        }
    }

    pub fn path(&self) -> String {
        format!("/regions/{}", self.id)
    }
}

/// All regions, in the order in which people expect them.
#[derive(Clone, Debug, Default)]
pub struct Regions(Vec<Region>);

impl Regions {
    pub fn all(&self) -> &[Region] {
        &self.0
    }

    pub fn find(&self, id: &str) -> Option<&Region> {
        self.0.iter().find(|region| region.id == id)
    }

    /// The name of a region that may not be set.
    pub fn name(&self, id: Option<&str>, lang: Lang) -> Option<String> {
        Some(self.find(id?)?.name(lang))
    }

    /// For a select box.
    pub fn choices(&self, lang: Lang) -> Vec<web::Choice> {
        let choice =
            |region: &Region| web::Choice { value: region.id.clone(), name: region.name(lang) };
        self.0.iter().map(choice).collect()
    }
}

/// Id, name, reading, English name.
const SOUTHERN_KYOTO: [(&str, &str, &str, &str); 17] = [
    ("uji", "宇治市", "うじし", "Uji"),
    ("joyo", "城陽市", "じょうようし", "Joyo"),
    ("kumiyama", "久御山町", "くみやまちょう", "Kumiyama"),
    ("kyotanabe", "京田辺市", "きょうたなべし", "Kyotanabe"),
    ("yawata", "八幡市", "やわたし", "Yawata"),
    ("kizugawa", "木津川市", "きづがわし", "Kizugawa"),
    ("seika", "精華町", "せいかちょう", "Seika"),
    ("ide", "井手町", "いでちょう", "Ide"),
    ("ujitawara", "宇治田原町", "うじたわらちょう", "Ujitawara"),
    ("wazuka", "和束町", "わづかちょう", "Wazuka"),
    ("kasagi", "笠置町", "かさぎちょう", "Kasagi"),
    ("minamiyamashiro", "南山城村", "みなみやましろむら", "Minamiyamashiro"),
    ("kameoka", "亀岡市", "かめおかし", "Kameoka"),
    ("muko", "向日市", "むこうし", "Muko"),
    ("nagaokakyo", "長岡京市", "ながおかきょうし", "Nagaokakyo"),
    ("oyamazaki", "大山崎町", "おおやまざきちょう", "Oyamazaki"),
    ("kyoto", "京都市", "きょうとし", "Kyoto"),
];

/// Puts in the regions that are missing. Any number of nodes may start at once.
pub async fn seed(db: &Db) -> Result<()> {
    let known = list(db).await?;
    let missing: Vec<_> = SOUTHERN_KYOTO
        .iter()
        .zip(0i64..)
        .filter(|((id, ..), _)| known.find(id).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut insert = Query::insert()
        .into_table(Table::Table)
        .columns([Table::Id, Table::NameJa, Table::NameSimple, Table::NameEn, Table::Position])
        .on_conflict(OnConflict::column(Table::Id).do_nothing().to_owned())
        .take();
    for ((id, name, reading, english), position) in missing {
        insert.values_panic([
            (*id).into(),
            (*name).into(),
            format!("{name}《{reading}》").into(),
            (*english).into(),
            position.into(),
        ]);
    }
    let mut tx = db.begin().await?;
    tx.execute(&insert).await?;
    tx.commit().await
}

/// As they are in the database; handlers take [`crate::app::Parts::regions`].
pub async fn list(db: impl Read) -> Result<Regions> {
    let select = Query::select()
        .columns([Table::Id, Table::NameJa, Table::NameSimple, Table::NameEn])
        .from(Table::Table)
        .order_by(Table::Position, Order::Asc)
        .order_by(Table::Id, Order::Asc)
        .limit(2000)
        .take();
    let rows = db.rows(&select).await?;
    let regions = rows.iter().map(|row| {
        Ok(Region {
            id: row.get("id")?,
            name_ja: row.get("name_ja")?,
            name_simple: row.get("name_simple")?,
            name_en: row.get("name_en")?,
        })
    });
    Ok(Regions(regions.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_an_id_of_its_own_and_a_reading_in_hiragana() {
        let mut ids: Vec<_> = SOUTHERN_KYOTO.iter().map(|(id, ..)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), SOUTHERN_KYOTO.len());
        for (_, name, reading, _) in SOUTHERN_KYOTO {
            assert!(reading.chars().all(|c| ('ぁ'..='ん').contains(&c)), "{name}: {reading}");
        }
    }

    #[test]
    fn a_name_in_plain_japanese_carries_its_reading() {
        let uji = Region {
            id: "uji".into(),
            name_ja: "宇治市".into(),
            name_simple: "宇治市《うじし》".into(),
            name_en: "Uji".into(),
        };
        assert_eq!(uji.name(Lang::JaSimple), "宇治市（うじし）");
    }
}
