-- What was decided about single team roles and roles on resources of somebody in a review.
ALTER TABLE review_items ADD COLUMN rights TEXT NOT NULL DEFAULT '[]';
