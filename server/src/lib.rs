//! めぐるみ: the site. Features over one database; see ARCHITECTURE.md for the map.
//!
//! In reading order: what a node is ([`app`], [`config`]), what it answers ([`routes`], [`http`], [`error`]), what it stands on
//! ([`db`], [`time_id`], [`changes`], [`jobs`], [`access`], [`media`], [`room`], [`text`], [`mail`]), then the features.

pub mod app;
pub mod config;
pub mod routes;

pub mod error;
pub mod health;
pub mod http;
pub mod observe;
pub mod serve;

pub mod access;
pub mod changes;
pub mod db;
pub mod jobs;
pub mod mail;
pub mod media;
pub mod room;
pub mod text;
pub mod time_id;

pub mod accounts;
pub mod demo;
pub mod discovery;
pub mod likeness;
pub mod moderation;
pub mod notifications;
pub mod photos;
pub mod posts;
pub mod regions;
pub mod thanks;
pub mod unfound;
pub mod videos;
pub mod words;
