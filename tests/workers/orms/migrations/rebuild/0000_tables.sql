CREATE TABLE `child` (
	`id` integer PRIMARY KEY NOT NULL,
	`parent_id` integer NOT NULL,
	FOREIGN KEY (`parent_id`) REFERENCES `parent`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `parent` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text
);
