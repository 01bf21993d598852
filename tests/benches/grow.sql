-- Grows the demo community: every published post :times times more, each older than the last, with its revision and tags.
-- Photos and videos are shared. Run once, on SQLite.
PRAGMA foreign_keys = ON;
BEGIN IMMEDIATE;
CREATE TEMP TABLE copies AS
  WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :times)
  SELECT n, p.id AS old_post, p.published_revision_id AS old_revision, p.published_at - n * 3600000 AS published_at,
    printf('01900000-%04x-7000-8000-%s', n, substr(p.id, 25)) AS post,
    printf('01900000-%04x-7000-8000-%s', n, substr(p.published_revision_id, 25)) AS revision
  FROM posts p, numbers WHERE p.visibility = 'published';
INSERT INTO posts (id, author_id, kind, visibility, published_revision_id, region_id, published_at, thanks_count,
    author_nickname, title, lead, age_from_months, age_to_months, cover, created_at, updated_at)
  SELECT c.post, p.author_id, p.kind, p.visibility, c.revision, p.region_id, c.published_at, 0,
    p.author_nickname, p.title || ' ' || c.n, p.lead, p.age_from_months, p.age_to_months, p.cover, c.published_at, c.published_at
  FROM copies c JOIN posts p ON p.id = c.old_post;
INSERT INTO revisions (id, post_id, number, state, title, body, lead, region_id, age_from_months, age_to_months, details, video_id,
    version, submitted_at, decided_at, created_at, updated_at)
  SELECT c.revision, c.post, 1, 'published', r.title || ' ' || c.n, r.body, r.lead, r.region_id, r.age_from_months, r.age_to_months, r.details,
    r.video_id, 1, c.published_at, c.published_at, c.published_at, c.published_at
  FROM copies c JOIN revisions r ON r.id = c.old_revision;
INSERT INTO revision_tags (revision_id, tag, label, position)
  SELECT c.revision, t.tag, t.label, t.position FROM copies c JOIN revision_tags t ON t.revision_id = c.old_revision;
INSERT INTO revision_photos (revision_id, photo_id, position, alt)
  SELECT c.revision, f.photo_id, f.position, f.alt FROM copies c JOIN revision_photos f ON f.revision_id = c.old_revision;
INSERT INTO post_tags (tag, published_at, post_id, label)
  SELECT t.tag, c.published_at, c.post, t.label FROM copies c JOIN post_tags t ON t.post_id = c.old_post;
COMMIT;
ANALYZE;
