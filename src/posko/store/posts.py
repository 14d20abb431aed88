"""Stage posts: Who listens where: the posts, their duty, their coverage?"""
