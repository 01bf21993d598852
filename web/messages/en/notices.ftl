notice-approved = “{ $title }” is published.
notice-changes = Please change something in “{ $title }”.
notice-rejected = “{ $title }” was not published.
notice-video-ready = The video of “{ $title }” is ready.
notice-video-failed = The video of “{ $title }” could not be prepared.
notice-thanked = { $n ->
        [one] { $n } person says thank you for “{ $title }”.
       *[other] { $n } people say thank you for “{ $title }”.
    }
notice-unread = New:
notices-empty = No notices yet.
notices-all = All notices
notice-photo-failed = A photo of “{ $title }” could not be prepared.
notices-read = Mark all as read
